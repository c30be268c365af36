import type { CommandPort, ReadModel } from '#engine';
import { agentPermissions, NODE_PREFIX, pause, type BusPermissions } from '#engine';
import { dns1123Subdomain } from '#meta';
import type { JoinAnswer, JoinRequest, KubeObject, UserInfo } from '#model';
import { isRefusal, kindRef } from '#model';
import type { Clock, Ids } from '#ports';
import { Fault, isJsonObject, toTime, uuidOf, type Instant, type JsonObject } from '#std';
import { catchUp, FRESH_MS } from './node-pods.js';

/** A token as its Secret says it; undefined `expires`: it has no end. */
export interface KnownToken {
  readonly user: UserInfo;
  readonly expires: Instant | undefined;
}

/** The list of those that may be on the bus. */
export interface JoinAdmission {
  /** A credential for this node and key. Rejects with a Fault when one of both was revoked. */
  join(
    node: string,
    permissions: BusPermissions,
    publicKey: string,
  ): Promise<{ readonly jwt: string; readonly inbox: string }>;
  /** Keys whose credentials are still good. */
  keysOf(node: string): readonly string[];
}

export interface JoiningOptions {
  readonly reads: ReadModel;
  readonly commands: CommandPort;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly admission: JoinAdmission;
  readonly token: (id: string) => KnownToken | undefined;
  /** The common name of a PKCS #10 request, and the key in it as the bus names it; undefined when it is none. */
  readonly readRequest: (request: string) => { readonly commonName: string; readonly publicKey: string } | undefined;
  /** The CAs by which an admitted machine knows the bus. */
  readonly ca: () => string;
  /** `spec.signerName` of the requests that are approved for this. */
  readonly signerName: string;
}

const nodes = kindRef('core.nodes');
const requests = kindRef('certificates.k8s.io.certificatesigningrequests');
/** TLS takes certificates that are some minutes younger than the clock of a machine, and all that is dated by it would be wrong. */
const CLOCKS_APART_MAX_MS = 60_000;
const NODE_NAME_MAX = 63;
/** A request that nobody has decided about is looked at again for so long; then the machine asks again. */
const APPROVAL_MS = 2_000;
const LOOK_MS = 50;

/**
 * Admits machines to the bus. A machine holds a bootstrap token and asks with the key that it has made: that becomes a
 * CertificateSigningRequest of the token's user, and once it is approved the machine gets the credential of one node.
 */
export class Joining {
  /** Which key is just being given which name. */
  private readonly taken = new Map<string, string>();

  constructor(private readonly options: JoiningOptions) {}

  /** `token` is the id that the bus has proven. Whoever asks twice with the same key gets the same answer. */
  async join(token: string, asked: JoinRequest): Promise<JoinAnswer> {
    const { reads, clock } = this.options;
    const wrong = clocksProblem(asked.now, clock.now()) ?? nameProblem(asked.node);
    if (wrong !== undefined) return refused(wrong);
    await catchUp(reads);
    const known = this.options.token(token);
    const unknown = tokenProblem(token, known, clock.now());
    if (known === undefined || unknown !== undefined) return refused(unknown ?? '');
    const read = this.options.readRequest(asked.request);
    if (read?.commonName !== `${NODE_PREFIX}${asked.node}`)
      return refused(`The request is not one of a node with the name ${asked.node}.`);
    if (this.isTaken(asked.node, read.publicKey)) return refused(takenProblem(asked.node));
    this.taken.set(asked.node, read.publicKey);
    try {
      return await this.admit(asked, known.user, read.publicKey);
    } catch (cause) {
      if (cause instanceof Fault && !cause.retryable) return refused(`${cause.message}.`);
      throw cause;
    } finally {
      this.taken.delete(asked.node);
    }
  }

  /** Another key has the name, or a Node has it that came here in another way. */
  private isTaken(node: string, key: string): boolean {
    const held = [...this.options.admission.keysOf(node), ...(this.taken.has(node) ? [this.taken.get(node)] : [])];
    if (held.length > 0) return held.some((other) => other !== key);
    return this.options.reads.projection.get(nodes, undefined, node) !== undefined;
  }

  private async admit({ node, request }: JoinRequest, user: UserInfo, publicKey: string): Promise<JoinAnswer> {
    const { admission, reads, ca } = this.options;
    const name = `node-bus-${uuidOf(request)}`;
    const problem = await this.ask(name, node, { request, user });
    if (problem !== undefined) return refused(problem);
    const verdict = await this.verdictOf(name, { request, username: user.name, signerName: this.options.signerName });
    if (verdict === 'waiting') return { is: 'waiting', request: name };
    if (verdict !== 'approved') return refused(verdict);
    const { jwt, inbox } = await admission.join(node, agentPermissions(node), publicKey);
    return { is: 'admitted', jwt, inbox, ca: ca(), cluster: reads.projection.cluster };
  }

  /** Creates the request unless it is there. Resolves with why it may not be. */
  private async ask(
    name: string,
    node: string,
    { request, user }: { readonly request: string; readonly user: UserInfo },
  ): Promise<string | undefined> {
    const { reads, commands, ids, signerName } = this.options;
    if (reads.projection.get(requests, undefined, name) !== undefined) return undefined;
    const created = await commands.submit({
      apiVersion: 'certificates.k8s.io/v1',
      verb: 'create',
      kind: requests.id,
      name,
      body: {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: { request, signerName, usages: ['client auth', 'digital signature'] },
      },
      options: { fieldManager: 'shiplog-join' },
      actor: user,
      via: 'health',
      correlationId: ids.uid(),
      because: `a machine asks to join as the node ${node}`,
    });
    if (!isRefusal(created)) {
      await reads.reached(created.position, FRESH_MS);
      return undefined;
    }
    return created.reason === 'AlreadyExists' ? undefined : `The cluster refused the request: ${created.message}.`;
  }

  /** Looks a while whether it is approved; most are at once. */
  private async verdictOf(name: string, asked: Asked): Promise<string> {
    const { reads, clock } = this.options;
    const end = clock.monotonic() + APPROVAL_MS;
    for (;;) {
      const verdict = verdictIn(reads.projection.get(requests, undefined, name), asked);
      if (verdict !== 'waiting' || clock.monotonic() >= end) return verdict;
      await pause(clock, LOOK_MS);
    }
  }
}

/** What `spec` of a machine's request says. Whoever may make requests could have made one of its name that asks for something else. */
interface Asked {
  readonly request: string;
  readonly username: string;
  readonly signerName: string;
}

function verdictIn(object: KubeObject | undefined, asked: Asked): string {
  if (object === undefined) return 'waiting';
  const spec = part(object, 'spec');
  if (Object.entries(asked).some(([name, value]) => spec[name] !== value))
    return 'A request of this name is of another machine.';
  const { conditions } = part(object, 'status');
  const has = (type: string): JsonObject | undefined =>
    (Array.isArray(conditions) ? (conditions as unknown[]) : [])
      .filter(isJsonObject)
      .find((one) => one['type'] === type);
  const denied = has('Denied');
  if (denied !== undefined)
    return `The request ${object.metadata.name} was denied: ${String(denied['message'] ?? denied['reason'] ?? '')}.`;
  return has('Approved') === undefined ? 'waiting' : 'approved';
}
function part(object: KubeObject, name: 'spec' | 'status'): JsonObject {
  const value = (object as { readonly spec?: unknown; readonly status?: unknown })[name];
  return isJsonObject(value) ? value : {};
}

function refused(why: string): JoinAnswer {
  return { is: 'refused', why };
}
function clocksProblem(theirs: Instant, ours: Instant): string | undefined {
  if (Math.abs(theirs - ours) <= CLOCKS_APART_MAX_MS) return undefined;
  return `The clock of this machine says ${toTime(theirs)}, and that of the control plane ${toTime(ours)}: set it, for example by an NTP service, and join again.`;
}
function nameProblem(node: string): string | undefined {
  if (node.length <= NODE_NAME_MAX && dns1123Subdomain(node).length === 0) return undefined;
  return `"${node.slice(0, NODE_NAME_MAX)}" cannot be the name of a node: it has at most 63 lowercase letters, digits, "-" and ".", and each part begins and ends with a letter or digit. Choose one with --name.`;
}
function tokenProblem(id: string, token: KnownToken | undefined, now: Instant): string | undefined {
  const another = 'Make a new one on the control plane with "npx shiplog node token create".';
  if (token === undefined) return `The token ${id} was removed. ${another}`;
  if (token.expires === undefined || token.expires > now) return undefined;
  return `The token ${id} has ended${token.expires > 0 ? ` at ${toTime(token.expires)}` : ''}. ${another}`;
}
function takenProblem(node: string): string {
  return `There is a node ${node} already. Choose another name with --name; or, if that machine is gone for good, remove it on the control plane with "npx shiplog node remove ${node}".`;
}
