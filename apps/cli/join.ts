import { existsSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DockerRuntime,
  JoinClient,
  joinTokenOf,
  newUserKey,
  nodeRequest,
  privateFolders,
  privateFolderWithParents,
  SystemClock,
  writePrivateFile,
  type JoinTarget,
} from '#adapters';
import type { JoinAnswer, JoinRequest } from '#model';
import { credentialsPath, explain, nodeLabels, nodeTaints, readSettings, say, type Settings } from '#nest';
import { Fault, type JsonObject } from '#std';
import { agentSettings, JOINED, startedAgent, type JoinedNode } from './node-agent.js';

export interface JoinOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caHash?: string;
  readonly name?: string;
  readonly label: readonly string[];
  readonly taint: readonly string[];
}

const DEFAULT_PORT = 4222;
const AGAIN_MS = 1_000;
/** Somebody may have to approve it by hand. */
const APPROVAL_MS = 10 * 60_000;

/** Makes this machine a node of a cluster, and starts its agent. Nothing is left of a try that fails. */
export async function joinCluster(address: string, options: JoinOptions): Promise<void> {
  // The token, when it was typed, is to be seen in the list of processes no longer than must be.
  process.title = 'shiplog node join';
  try {
    const target = targetOf(address, options);
    const settings = nodeSettings(options);
    requireUnused(settings);
    await requireEngine();
    const joined = await admitted(settings, target, options);
    await startedAgent(agentSettings(joined));
    say(`This machine is the node ${joined.node}. Its agent runs, and writes to ${settings.home}/agent.log.`);
    say(
      'Start it with "npx shiplog node start" when the machine has been off: docs/nodes.md shows a unit for systemd.',
    );
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

function targetOf(address: string, { token: typed, tokenFile, caHash }: JoinOptions): JoinTarget {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? DEFAULT_PORT) > 65_535)
    throw new Fault(`"${address}" is no address: write it like 192.0.2.1:${DEFAULT_PORT}`, false);
  const token = joinTokenOf(typed ?? tokenIn(tokenFile));
  if (token === undefined)
    throw new Fault('The token is not one of 6 and 16 letters and digits, like abc123.0123456789abcdef.', false);
  if (caHash === undefined || !/^sha256:[0-9a-f]{64}$/.test(caHash))
    throw new Fault(
      'Say which cluster is meant by --ca-hash sha256:…, as "npx shiplog node token create" prints it.',
      false,
    );
  return { host, port: Number(port ?? DEFAULT_PORT), token, caHash };
}

function tokenIn(file: string | undefined): string {
  if (file !== undefined) return readFileSync(file === '-' ? 0 : file, 'utf8');
  const token = process.env['SHIPLOG_JOIN_TOKEN'];
  if (token) return token;
  throw new Fault('Give the token with --token, --token-file (- is standard input) or SHIPLOG_JOIN_TOKEN.', false);
}

function nodeSettings({ name, label, taint }: JoinOptions): Settings {
  nodeLabels(label);
  nodeTaints(taint);
  const node = (name ?? (process.env['SHIPLOG_NODE'] || hostname())).toLowerCase();
  return readSettings('agent', ['agent'], { ...process.env, SHIPLOG_NODE: node });
}

function requireUnused({ home }: Settings): void {
  if (existsSync(join(home, JOINED)))
    throw new Fault(
      `This machine has joined a cluster already: "npx shiplog node start" starts its agent, "npx shiplog down" removes all of it.`,
      false,
    );
  if (existsSync(join(home, 'keys')))
    throw new Fault(`${home} is the data folder of a control plane: choose another one with SHIPLOG_HOME.`, false);
}

async function requireEngine(): Promise<void> {
  try {
    await new DockerRuntime().info();
  } catch (cause) {
    const where = process.env['DOCKER_HOST'] ?? 'the default socket';
    const how = 'start Docker, or name another engine with DOCKER_HOST';
    throw new Fault(`No container engine answers on ${where}: ${how}.`, false, { cause });
  }
}

async function admitted(settings: Settings, target: JoinTarget, options: JoinOptions): Promise<JoinedNode> {
  const { home, node } = settings;
  const { publicKey: _public, seed } = newUserKey();
  const client = await JoinClient.connect(target);
  try {
    const answer = await asked(client, { node, request: await nodeRequest(node, seed), now: 0 });
    const { jwt, inbox, ca, cluster } = answer;
    const host = target.host.includes(':') ? `[${target.host}]` : target.host;
    const url = `nats://${host}:${target.port}`;
    const joined: JoinedNode = { node, labels: options.label, taints: options.taint };
    privateFolderWithParents(home);
    privateFolders(home, 'agent', node);
    try {
      writePrivateFile(credentialsPath(settings), JSON.stringify({ url, ca, jwt, seed, inbox }));
      writePrivateFile(join(home, 'cluster'), `${cluster}\n`);
      writePrivateFile(join(home, JOINED), JSON.stringify(joined));
    } catch (cause) {
      for (const left of [credentialsPath(settings), join(home, 'cluster'), join(home, JOINED)])
        rmSync(left, { force: true });
      throw cause;
    }
    return joined;
  } finally {
    client.close();
  }
}

type Admitted = Extract<JoinAnswer, { readonly is: 'admitted' }>;

async function asked(client: JoinClient, request: JoinRequest): Promise<Admitted> {
  const end = performance.now() + APPROVAL_MS;
  for (let isTold = false; ; await sleep(AGAIN_MS)) {
    const answer = answerIn(await client.ask({ ...request, now: new SystemClock().now() }));
    if (answer.is === 'admitted') return answer;
    if (answer.is === 'refused') throw new Fault(answer.why, false);
    if (performance.now() > end)
      throw new Fault(`Nobody approved the request ${answer.request}: have it approved, and join again.`, false);
    if (!isTold) say(`Waiting for an administrator to approve it: kubectl certificate approve ${answer.request}`);
    isTold = true;
  }
}

/** What a control plane answers, which the hash of its CA has proven to be the one that is meant. */
function answerIn(answer: JsonObject): JoinAnswer {
  const { is } = answer;
  if (is !== 'admitted' && is !== 'waiting' && is !== 'refused')
    throw new Fault('The control plane answers what this version does not understand.', false);
  return answer as unknown as JoinAnswer;
}
