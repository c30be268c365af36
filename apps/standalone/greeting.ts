import type { INestMicroservice } from '@nestjs/common';
import { join } from 'node:path';
import { DockerRuntime, eventLogName } from '#adapters';
import { namespaces, nodes } from '#kinds';
import { apiUrl, Platform, type Settings } from '#nest';
import { Fault, isJsonObject } from '#std';
import { say } from '#terminal';

const NODE_WAIT_MS = 20_000;

/** A cluster that is to run containers needs an engine from the start. */
export async function requireEngine({ apps }: Settings): Promise<void> {
  if (!apps.includes('agent')) return;
  try {
    await new DockerRuntime().info();
  } catch (cause) {
    const where = process.env['DOCKER_HOST'] ?? 'the default socket';
    throw new Fault(
      `No container engine answers on ${where}: start Docker, name another engine with DOCKER_HOST, or run without nodes by SHIPLOG_APPS=api,controllers,scheduler.`,
      false,
      { cause },
    );
  }
}

/** Waits until a user would find what a cluster has, then says how to begin. */
export async function greet(app: INestMicroservice): Promise<void> {
  const platform = app.get(Platform);
  const { settings } = platform;
  await until(platform, () => platform.plane.reads.projection.get(namespaces, undefined, 'default') !== undefined);
  for (const line of factsOf(settings)) say(line);
  if (settings.apps.includes('agent')) await greetNode(platform);
  const kubeconfig = join(settings.home, 'kubeconfig');
  say('');
  say(`Ready. Your kubeconfig is ${kubeconfig}`);
  say('');
  say('Try this in another terminal:');
  say(`  export KUBECONFIG=${kubeconfig}`);
  say('  kubectl get nodes');
  say('  kubectl create configmap greeting --from-literal=hello=world');
  if (settings.apps.includes('agent')) sayHowToRun();
  say(`  kubectl --server ${apiUrl(settings)}/at/1m get configmaps     # the same cluster, a minute ago`);
}

/** What this cluster consists of. The event log's URL may hold a password. */
export function factsOf(settings: Settings): readonly string[] {
  return [
    `Event log   ${eventLogName(settings.eventLog)}`,
    `API         ${apiUrl(settings)}`,
    `Apps        ${settings.apps.join(', ')}`,
  ];
}

/** Without a registry there is nothing to pull: an image of this machine's own busybox will do. */
function sayHowToRun(): void {
  say('  npx shiplog image busybox');
  say('  kubectl create deployment hello --image=shiplog.local/busybox:1 -- sleep 1000000');
  say('  kubectl get pods -o wide');
}

async function greetNode(platform: Platform): Promise<void> {
  const { node } = platform.settings;
  // A node that has said why it is not ready will not be by waiting.
  await until(platform, () => {
    const { status, saidAt } = readiness(platform, node);
    return status === 'True' || (status === 'False' && saidAt >= performance.timeOrigin - 1000);
  });
  const { status, message } = readiness(platform, node);
  const why = status === 'False' ? ` (not ready: ${message})` : ' (not ready yet)';
  say(`Node        ${node}${status === 'True' ? '' : why}`);
}

interface Readiness {
  readonly status: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly saidAt: number;
}

function readiness({ plane }: Platform, name: string): Readiness {
  const status = plane.reads.projection.get(nodes, undefined, name)?.['status'];
  const conditions =
    isJsonObject(status) && Array.isArray(status['conditions']) ? (status['conditions'] as unknown[]) : [];
  const ready = conditions.filter(isJsonObject).find((one) => one['type'] === 'Ready') ?? {};
  const text = (key: string): string => (typeof ready[key] === 'string' ? ready[key] : '');
  return { status: text('status'), message: text('message'), saidAt: Date.parse(text('lastHeartbeatTime')) };
}

/** Looks again after each batch of events; false when it takes too long. */
function until({ plane }: Platform, isTrue: () => boolean): Promise<boolean> {
  if (isTrue()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (outcome: boolean): void => {
      clearTimeout(timer);
      stopListening();
      resolve(outcome);
    };
    const timer = setTimeout(() => settle(false), NODE_WAIT_MS);
    const stopListening = plane.reads.onChanges(() => isTrue() && settle(true));
  });
}
