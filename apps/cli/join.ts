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
import type { JoinAnswer } from '#model';
import { agentFolder, credentialsPath, nodeLabels, nodeTaints, readSettings, stopAgentOf, type Settings } from '#nest';
import { explain, say } from '#terminal';
import { Fault } from '#std';
import { answerIn, type Asked } from './join-answer.js';
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

/**
 * Makes this machine a node of a cluster, and starts its agent. Nothing is left of a try that fails. One that was a node, and is none
 * any more for the control plane, gets a new credential in the place of the old one, and keeps its data.
 */
export async function joinCluster(address: string, options: JoinOptions): Promise<void> {
  // The token, when it was typed, is to be seen in the list of processes no longer than must be.
  process.title = 'shiplog node join';
  try {
    const target = targetOf(address, options);
    const former = formerNode();
    const settings = nodeSettings(options, former);
    await requireEngine();
    const joined = await admitted(settings, target, { options, former });
    if (former !== undefined) await stopAgentOf(settings);
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

function nodeSettings({ name, label, taint }: JoinOptions, former: JoinedNode | undefined): Settings {
  nodeLabels(label);
  nodeTaints(taint);
  const node = (name ?? former?.node ?? (process.env['SHIPLOG_NODE'] || hostname())).toLowerCase();
  if (former !== undefined && former.node !== node)
    throw new Fault(
      `This machine has joined a cluster already, as the node ${former.node}: "npx shiplog down" removes all of it.`,
      false,
    );
  return readSettings('agent', ['agent'], { ...process.env, SHIPLOG_NODE: node });
}

/** The node that this machine is, or was. */
function formerNode(): JoinedNode | undefined {
  const { home } = readSettings('cli', [], process.env);
  if (existsSync(join(home, JOINED))) return JSON.parse(readFileSync(join(home, JOINED), 'utf8')) as JoinedNode;
  if (existsSync(join(home, 'keys')))
    throw new Fault(`${home} is the data folder of a control plane: choose another one with SHIPLOG_HOME.`, false);
  return undefined;
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

interface Wish {
  readonly options: JoinOptions;
  readonly former: JoinedNode | undefined;
}

async function admitted(settings: Settings, target: JoinTarget, { options, former }: Wish): Promise<JoinedNode> {
  const { node } = settings;
  const { publicKey, seed } = newUserKey();
  const client = await JoinClient.connect(target);
  try {
    const request = await nodeRequest(node, seed);
    const { jwt, inbox, ca, cluster } = await asked(client, { node, request, publicKey, ...target }, former);
    const host = target.host.includes(':') ? `[${target.host}]` : target.host;
    const url = `nats://${host}:${target.port}`;
    const credentials = JSON.stringify({ url, ca, jwt, seed, inbox });
    const joined: JoinedNode = {
      node,
      labels: options.label.length > 0 ? options.label : (former?.labels ?? []),
      taints: options.taint.length > 0 ? options.taint : (former?.taints ?? []),
    };
    if (former === undefined) writeNew(settings, { credentials, cluster, joined });
    else replaceFormer(settings, { credentials, cluster, joined });
    return joined;
  } finally {
    client.close();
  }
}

interface Written {
  readonly credentials: string;
  readonly cluster: string;
  readonly joined: JoinedNode;
}

function writeNew(settings: Settings, { credentials, cluster, joined }: Written): void {
  const { home, node } = settings;
  privateFolderWithParents(home);
  privateFolders(home, 'agent', node);
  try {
    writePrivateFile(credentialsPath(settings), credentials);
    writePrivateFile(join(home, 'cluster'), `${cluster}\n`);
    writePrivateFile(join(home, JOINED), JSON.stringify(joined));
  } catch (cause) {
    for (const left of [credentialsPath(settings), join(home, 'cluster'), join(home, JOINED)])
      rmSync(left, { force: true });
    throw cause;
  }
}

/** What the machine holds is of its cluster, and of no other. */
function replaceFormer(settings: Settings, { credentials, cluster, joined }: Written): void {
  const { home } = settings;
  if (readFileSync(join(home, 'cluster'), 'utf8').trim() !== cluster)
    throw new Fault(
      'This machine has joined another cluster: "npx shiplog down" removes all of that, then it can join this one.',
      false,
    );
  privateFolders(home, 'agent', settings.node);
  writePrivateFile(join(home, JOINED), JSON.stringify(joined));
  writePrivateFile(credentialsPath(settings), credentials);
  // What the old credential was renewed with has ended too, whatever it says of its end.
  rmSync(join(agentFolder(settings), 'renewed.json'), { force: true });
}

type Admitted = Extract<JoinAnswer, { readonly is: 'admitted' }>;

async function asked(client: JoinClient, question: Asked, former: JoinedNode | undefined): Promise<Admitted> {
  const { node, request } = question;
  const end = performance.now() + APPROVAL_MS;
  for (let isTold = false; ; await sleep(AGAIN_MS)) {
    const answer = answerIn(await client.ask({ node, request, now: new SystemClock().now() }), question);
    if (answer.is === 'admitted') return answer;
    if (answer.is === 'refused')
      throw new Fault(former === undefined ? answer.why : staysProblem(node, answer.why), false);
    if (performance.now() > end)
      throw new Fault(`Nobody approved the request ${answer.request}: have it approved, and join again.`, false);
    if (!isTold) say(`Waiting for an administrator to approve it: kubectl certificate approve ${answer.request}`);
    isTold = true;
  }
}

function staysProblem(node: string, why: string): string {
  return `This machine has joined a cluster already, as the node ${node}: "npx shiplog node start" starts its agent, "npx shiplog down" removes all of it. It cannot join anew: ${why}`;
}
