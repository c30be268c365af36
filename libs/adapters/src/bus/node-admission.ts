import { Fault, type Instant } from '#std';
import type { Clock } from '#ports';
import type { KeyStore } from '../keys/key-store.js';
import type { NatsAuthority, NatsCredentials, NatsPermissions } from './nats-authority.js';
import { REVOKED_KEYS } from './revoked-keys.js';

/** A node's credential for the bus is good for so long; its agent renews it when two thirds are over. */
export const NODE_CREDENTIAL_MS = 24 * 60 * 60 * 1000;
export const RENEW_AT_SHARE = 2 / 3;

/** `issued/<node>/<public key>`: until when that key's credential is good, in seconds. */
const ISSUED = 'nodes/issued';
/** `revoked/<node>`: nodes that get no credential. */
const REVOKED = 'nodes/revoked';
/** Begins the mark of a node that was removed, and may join again. */
const REMOVED = 'removed ';
const LOOK_MS = 1_000;
/** Keys are remembered for so long after the end of their credentials, for a clock that is wrong for a while. */
const SLACK_S = 24 * 60 * 60;

/** A node asks for a credential, or reports, that was revoked. */
export class NodeRevoked extends Fault {
  override readonly name = 'NodeRevoked';
  constructor(node: string) {
    super(`the node ${node} is revoked: "shiplog node allow ${node}" admits it again`, false);
  }
}

/**
 * Which nodes may be on the bus. The list of revoked ones and the keys of all credentials that are still good lie in the key
 * store, so every process with keys, and the command line, sees and changes the same.
 */
export class NodeAdmission {
  private seen: { readonly at: number; readonly nodes: ReadonlySet<string> } | undefined;

  constructor(
    private readonly store: KeyStore,
    private readonly authority: NatsAuthority,
    private readonly clock: Pick<Clock, 'now' | 'monotonic'>,
  ) {}

  /**
   * A credential for a node's agent. With `publicKey` the agent keeps the private one to itself and gets a JWT only.
   * Rejects with {@link NodeRevoked}, or with a Fault for a key that was revoked.
   */
  async issue(
    node: string,
    permissions: NatsPermissions,
    publicKey?: string,
  ): Promise<Pick<NatsCredentials, 'jwt' | 'seed' | 'inbox'>> {
    if (this.store.read(`${REVOKED}/${token(node)}`) !== undefined) throw new NodeRevoked(node);
    this.requireFresh(publicKey);
    const now = this.clock.now();
    const expires = Math.floor((now + NODE_CREDENTIAL_MS) / 1000);
    const given = { issued: Math.floor(now / 1000), expires, ...(publicKey !== undefined && { publicKey }) };
    const user = await this.authority.issueUser(`agent-${node}`, permissions, given);
    const folder = `${ISSUED}/${token(node)}`;
    this.prune(folder);
    const file = `${folder}/${user.publicKey}`;
    const was = this.store.createOnce(file, `${expires}\n`);
    // Asked for again: what ends last is what a revocation has to reach.
    if (Number(was) < expires) this.store.replace(file, was, `${expires}\n`);
    // Revoked meanwhile: what was just made must not outlive that.
    if (this.store.read(`${REVOKED}/${token(node)}`) !== undefined) {
      this.revoke(node);
      throw new NodeRevoked(node);
    }
    const { jwt, seed, inbox } = user;
    return { jwt, seed, inbox };
  }

  /**
   * A credential for a node that joins, of the key that it made. Ends what {@link remove} left. Rejects with {@link NodeRevoked} when
   * the node was revoked by name, or with a Fault for a key that was revoked with the node that had it: who joins again makes a new one.
   */
  async join(
    node: string,
    permissions: NatsPermissions,
    publicKey: string,
  ): Promise<Pick<NatsCredentials, 'jwt' | 'inbox'>> {
    this.requireFresh(publicKey);
    const mark = `${REVOKED}/${token(node)}`;
    if (this.store.read(mark)?.startsWith(REMOVED) === true) this.store.destroy(mark);
    this.seen = undefined;
    return this.issue(node, permissions, publicKey);
  }

  /** Public keys whose credentials are still good. */
  keysOf(node: string): readonly string[] {
    const folder = `${ISSUED}/${token(node)}`;
    this.prune(folder);
    const now = this.clock.now() / 1000;
    return this.store.list(folder).filter((key) => this.endIn(`${folder}/${key}`) >= now);
  }

  /** When the last credential of a node ends; undefined when it has none that is good. */
  endOf(node: string): Instant | undefined {
    const folder = `${ISSUED}/${token(node)}`;
    const ends = this.keysOf(node).map((key) => this.endIn(`${folder}/${key}`));
    return ends.length === 0 ? undefined : Math.max(...ends) * 1000;
  }

  /** Ends every credential of a node that is no more. It may join again, with a token. */
  remove(node: string): void {
    this.end(node, REMOVED);
  }
  /** Ends every credential of a node, and gives it none until {@link allow}. */
  revoke(node: string): void {
    this.end(node, '');
  }
  private end(node: string, mark: string): void {
    const now = this.clock.now();
    const name = `${REVOKED}/${token(node)}`;
    if (mark === '') this.store.destroy(name);
    this.store.createOnce(name, `${mark}${new Date(Math.floor(now / 1000) * 1000).toISOString()}\n`);
    this.prune(REVOKED_KEYS);
    const folder = `${ISSUED}/${token(node)}`;
    for (const key of this.store.list(folder)) {
      const expires = this.endIn(`${folder}/${key}`) || Math.ceil((now + NODE_CREDENTIAL_MS) / 1000);
      this.store.createOnce(`${REVOKED_KEYS}/${key}`, `${expires}\n`);
      this.store.destroy(`${folder}/${key}`);
    }
    this.seen = undefined;
  }

  /** Lets a node have new credentials. Those that were revoked stay so. False when it was not revoked. */
  allow(node: string): boolean {
    const name = `${REVOKED}/${token(node)}`;
    const was = this.store.read(name) !== undefined;
    this.store.destroy(name);
    this.seen = undefined;
    return was;
  }

  /** Names of the revoked nodes, in order; those that were removed are not among them. */
  revoked(): readonly string[] {
    const names = this.store.list(REVOKED);
    return names.filter((name) => !this.store.read(`${REVOKED}/${name}`)?.startsWith(REMOVED)).map(decodeURIComponent);
  }

  /** True for a node that was revoked or removed until a second ago. */
  isRevoked(node: string): boolean {
    const at = this.clock.monotonic();
    if (this.seen === undefined || at - this.seen.at >= LOOK_MS) {
      const nodes = this.store.list(REVOKED).map(decodeURIComponent);
      this.seen = { at, nodes: new Set(nodes) };
    }
    return this.seen.nodes.has(node);
  }

  private requireFresh(publicKey: string | undefined): void {
    if (publicKey !== undefined && this.store.read(`${REVOKED_KEYS}/${publicKey}`) !== undefined)
      throw new Fault(
        'The key of this machine was revoked: it needs a new one, which "shiplog node join" makes',
        false,
      );
  }

  private prune(folder: string): void {
    const now = this.clock.now() / 1000;
    for (const key of this.store.list(folder))
      if (this.endIn(`${folder}/${key}`) + SLACK_S < now) this.store.destroy(`${folder}/${key}`);
  }
  /** When a key's credential ends, in seconds; 0 for one that is no more. */
  private endIn(name: string): number {
    return Number(this.store.read(name)?.split(' ', 1)[0] ?? 0);
  }
}

/** A node's name as the name of a file. */
function token(node: string): string {
  return encodeURIComponent(node).replaceAll('.', '%2E');
}
