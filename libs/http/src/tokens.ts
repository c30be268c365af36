import { nodes, pods, secrets, serviceAccounts } from '#kinds';
import type { Identity, KindRef, KubeObject, UserInfo, View } from '#model';
import type { Keys } from '#ports';
import type { Instant, JsonObject } from '#std';
import { isJsonObject, parseInstant } from '#std';
import { bootstrapUser } from './bootstrap-token.js';
import { AUTHENTICATED } from './users.js';
import { createHash } from 'node:crypto';

export interface Authentication {
  readonly keys: Pick<Keys, 'verifyToken'>;
  readonly issuer: string;
  current(): View;
  now(): Instant;
}

const INVALID = 'invalid bearer token';
const PROBLEMS = {
  signature: 'go-jose/go-jose: error in cryptographic primitive',
  expired: 'service account token has expired',
  early: 'service account token is not valid yet',
} as const;
/** What is said of a token that was found to be ours, but not good. */
const because = (why: string): Bad => ({ error: `[${INVALID}, ${why}]` });

interface Bad {
  readonly error: string;
}
type Checked = { readonly claims: Claims } | Bad;

/** Longer bearer tokens are refused unread. Those of service accounts have about 1 KiB. */
const TOKEN_BYTES_MAX = 16 * 1024;
/** What runs out its grace period may still use its token. */
const DELETED_LEEWAY_MS = 60_000;
const VERIFIED_MAX = 10_000;
const VERIFIED_MS = 10_000;

/** Authenticates bearer tokens. Verified claims are cached for a moment; what a token names is looked up each time. */
export class Tokens {
  /** By SHA-256: the process keeps no token. Only verified tokens are cached: anyone can send any number of others. */
  private readonly verified = new Map<string, { readonly claims: Claims; readonly until: Instant }>();
  constructor(private readonly options: Authentication) {}

  /** How many verified tokens are cached. */
  get cached(): number {
    return this.verified.size;
  }

  async owner(token: string, audiences: readonly string[]): Promise<Identity> {
    if (Buffer.byteLength(token) > TOKEN_BYTES_MAX) return { error: INVALID };
    const { issuer } = this.options;
    const now = this.options.now();
    const joining = bootstrapUser(token, this.options.current(), now);
    // Tokens that name no audience are for this server alone.
    if (joining) return audiences.includes(issuer) ? { user: joining, audiences: [issuer] } : { error: INVALID };
    const result = await this.verify(token, now);
    return 'error' in result ? result : accountOf(result.claims, audiences, this.options);
  }

  private async verify(token: string, now: Instant): Promise<Checked> {
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.verified.get(hash);
    if (known && known.until > now) return known;
    this.verified.delete(hash);
    const result = await this.check(token, now);
    if ('error' in result) return result;
    // The oldest entry goes first: a flood of tokens must not forget all others at once.
    for (const oldest of this.verified.keys()) {
      if (this.verified.size < VERIFIED_MAX) break;
      this.verified.delete(oldest);
    }
    this.verified.set(hash, { claims: result.claims, until: now + VERIFIED_MS });
    return result;
  }

  private async check(token: string, now: Instant): Promise<Checked> {
    if (issuerOf(token) !== this.options.issuer) return { error: INVALID };
    const check = await this.options.keys.verifyToken(token, now);
    return 'problem' in check ? because(PROBLEMS[check.problem]) : { claims: check.claims as Claims };
  }
}

/** Who a token says that it comes from; nobody has checked that yet. */
function issuerOf(token: string): unknown {
  const [, payload, signature, more] = token.split('.');
  if (payload === undefined || signature === undefined || more !== undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return isJsonObject(claims) ? (claims as JsonObject)['iss'] : undefined;
  } catch {
    return undefined;
  }
}

interface Claims {
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly jti?: string;
  readonly 'kubernetes.io'?: {
    readonly namespace?: string;
    readonly serviceaccount?: Named;
    readonly pod?: Named;
    readonly secret?: Named;
    readonly node?: Named;
  };
}
interface Named {
  readonly name: string;
  readonly uid?: string;
}

/** The service account of a token, if it and everything that the token is bound to still are what they were. */
function accountOf(claims: Claims, asked: readonly string[], options: Authentication): Identity {
  const own = claims['kubernetes.io'] ?? {};
  const named = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
  const audiences = asked.filter((one) => named.includes(one));
  if (audiences.length === 0)
    return because(`token audiences ${goList(named)} is invalid for the target audiences ${goList(asked)}`);
  if (claims.exp !== undefined && claims.exp * 1000 <= options.now()) return because(PROBLEMS.expired);
  const { namespace, serviceaccount: account } = own;
  if (!namespace || !account) return { error: INVALID };
  const view = options.current();
  const found = view.get(serviceAccounts, namespace, account.name);
  if (!found) return because(`serviceaccounts "${account.name}" not found`);
  if (found.metadata.uid !== account.uid)
    return because(`service account UID (${found.metadata.uid}) does not match claim (${account.uid})`);
  const now = options.now();
  if (isLongDeleted(found, now)) return because(`service account ${namespace}/${account.name} has been deleted`);
  const get = (kind: KindRef, named: Named | undefined, within?: string): Bound | undefined =>
    named && { named, object: view.get(kind, within, named.name) };
  const unbound =
    parted('secret', get(secrets, own.secret, namespace), now) ??
    parted('pod', get(pods, own.pod, namespace), now) ??
    // Of a pod's node only the name is told; a token of its own has a node to live with.
    (own.pod ? undefined : parted('node', get(nodes, own.node), now));
  if (unbound !== undefined) return because(unbound);
  return { user: userOf(claims, namespace, account), audiences };
}

/** Why a token has ended with the object that it was bound to; undefined while that lives. */
function parted(what: 'secret' | 'pod' | 'node', bound: Bound | undefined, now: Instant): string | undefined {
  if (!bound) return undefined;
  const { named, object } = bound;
  if (!object) return 'service account token has been invalidated';
  const { uid } = object.metadata;
  if (uid !== named.uid) return `${what} UID (${uid}) does not match service account ${what} ref claim (${named.uid})`;
  return isLongDeleted(object, now) ? 'service account token has been invalidated' : undefined;
}
interface Bound {
  readonly named: Named;
  readonly object: KubeObject | undefined;
}

/** Its end was due a minute ago; a finalizer, or a node that does not answer, may keep it for as long as it likes. */
function isLongDeleted({ metadata }: KubeObject, now: Instant): boolean {
  const due = parseInstant(metadata.deletionTimestamp);
  return due !== undefined && due + DELETED_LEEWAY_MS < now;
}

const goList = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;

function userOf({ jti, 'kubernetes.io': own }: Claims, namespace: string, account: Named): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  const add = (key: string, value: string | undefined): void => {
    if (value) extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  add('credential-id', jti && `JTI=${jti}`);
  add('node-name', own?.node?.name);
  add('node-uid', own?.node?.uid);
  add('pod-name', own?.pod?.name);
  add('pod-uid', own?.pod?.uid);
  return {
    name: `system:serviceaccount:${namespace}:${account.name}`,
    ...(account.uid && { uid: account.uid }),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
