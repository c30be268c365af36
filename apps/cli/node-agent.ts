import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSettings, spawnAgent, stopAgentOf, type Settings } from '#nest';
import { Fault } from '#std';
import { explain, say } from '#terminal';

/** What a machine that has joined knows of itself, in its data folder. */
export const JOINED = 'node.json';
export interface JoinedNode {
  readonly node: string;
  readonly labels: readonly string[];
  readonly taints: readonly string[];
}

const STARTED_MS = 60_000;
const LOOK_MS = 50;

/** Runs the agent of a machine that has joined, until one of both is ended. */
export async function startNode(): Promise<void> {
  try {
    const settings = agentSettings(joinedNode());
    await stopAgentOf(settings);
    const child = spawnAgent(settings, { env: marksOf(joinedNode()) });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    const code = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
    process.exitCode = code;
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

/** Starts the agent beside us, and resolves when it is on the bus. It goes on when we end. */
export async function startedAgent(settings: Settings): Promise<void> {
  const path = join(settings.home, 'agent.log');
  const log = openSync(path, 'a', 0o600);
  const begin = statSync(path).size;
  const child = spawnAgent(settings, { env: marksOf(joinedNode()), stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  const said = (): string => readFileSync(path, 'utf8').slice(begin);
  for (const end = performance.now() + STARTED_MS; performance.now() < end; await sleep(LOOK_MS)) {
    if (said().includes('is on the bus')) return;
    if (child.exitCode !== null)
      throw new Fault(`The machine has joined, but its agent ended: ${said().trim().split('\n').at(-1) ?? ''}`, false);
  }
  say(`The agent has not said yet that it is on the bus: see ${path}.`);
}

/** The settings of the agent: those of the environment, and what was said when the machine joined. */
export function agentSettings({ node }: JoinedNode): Settings {
  return readSettings('agent', ['agent'], { ...process.env, SHIPLOG_NODE: node });
}
function marksOf({ labels, taints }: JoinedNode): NodeJS.ProcessEnv {
  return { SHIPLOG_NODE_LABELS: labels.join(), SHIPLOG_NODE_TAINTS: taints.join() };
}

function joinedNode(): JoinedNode {
  const { home } = readSettings('cli', [], process.env);
  const path = join(home, JOINED);
  if (!existsSync(path))
    throw new Fault(`This machine has not joined a cluster: there is no ${path}. See "npx shiplog node join".`, false);
  return JSON.parse(readFileSync(path, 'utf8')) as JoinedNode;
}
