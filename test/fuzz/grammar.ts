import { registry } from '#kinds';
import { encodeEnvelope, encodeProtobuf, type Kind, type ObjectType } from '#model';
import { prng, type Prng } from '#std';
import { stringify } from 'yaml';
import { hostileBodies, hostileQueries } from './hostile.js';
import { Values } from './values.js';

/** One request, made from the seed and its number alone. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** What it was meant to be, for the report. */
  readonly about: string;
}

export const NAMESPACES = ['fuzz-0', 'fuzz-1'] as const;
/** Few names, so that requests meet what earlier ones made. */
const NAMES = ['a', 'b', 'c'];
const HOSTILE_BYTES_MAX = 512 * 1024;

const ACCEPTS = [
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf',
  'text/html, */*;q=0.8',
  ';;;,,,=',
];
const PAGES = [
  '/',
  '/api',
  '/apis',
  '/version',
  '/healthz',
  '/readyz?verbose',
  '/openapi/v2',
  '/openapi/v3',
  '/metrics',
];
const ODD_PATHS = [
  '//',
  '/api//v1',
  '/apis/apps/v1/',
  '/api/v1/namespaces/%2e%2e/pods',
  '/%ff',
  '/%',
  '/at/1h/api/v1/pods',
];
const PATCHES = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'] as const;

/** Requests to every kind that the registry has: valid ones, mutated ones, and ones that are meant to be slow. */
export function requestOf(seed: number, number: number): FuzzRequest {
  return new Grammar(prng(seed * 1_000_003 + number)).request();
}

class Grammar {
  private readonly values: Values;
  constructor(private readonly random: Prng) {
    this.values = new Values(random);
  }

  request(): FuzzRequest {
    const dice = this.random.next();
    if (dice < 0.08) return this.hostile();
    if (dice < 0.14) return this.page();
    const kind = this.random.pick(registry.all);
    if (dice < 0.45) return this.write(kind, 'create');
    if (dice < 0.55) return this.write(kind, 'update');
    if (dice < 0.75) return this.patched(kind);
    if (dice < 0.83) return this.deletion(kind);
    return this.read(kind);
  }

  private page(): FuzzRequest {
    const path = this.random.chance(0.6) ? this.random.pick(PAGES) : this.random.pick(ODD_PATHS);
    return this.made(this.random.chance(0.9) ? 'GET' : 'POST', path, 'a page');
  }

  private read(kind: Kind): FuzzRequest {
    const path = this.random.chance(0.5) ? this.named(kind) : this.collection(kind);
    const watch = this.random.chance(0.1) ? '&watch=1&timeoutSeconds=1' : '';
    return this.made('GET', `${path}?${this.query()}${watch}`, `a read of ${kind.id}`);
  }

  private deletion(kind: Kind): FuzzRequest {
    const path = this.random.chance(0.85) ? this.named(kind) : this.collection(kind);
    const body = this.random.chance(0.4)
      ? this.values.mutated({ kind: 'DeleteOptions', propagationPolicy: 'Background', gracePeriodSeconds: 0 })
      : undefined;
    return this.made('DELETE', `${path}?${this.query()}`, `a deletion of ${kind.id}`, body);
  }

  private write(kind: Kind, verb: 'create' | 'update'): FuzzRequest {
    const object = this.objectOf(kind);
    const path = verb === 'create' ? this.collection(kind) : this.named(kind);
    const body = this.random.chance(0.5) ? this.values.mutated(object) : object;
    const method = verb === 'create' ? 'POST' : 'PUT';
    const about = `${verb} of ${kind.id}`;
    const dice = this.random.next();
    const target = `${path}?${this.query()}`;
    if (dice < 0.15) return this.raw(method, target, about, 'application/yaml', yamlOf(body));
    if (dice < 0.3) return this.protobuf(kind, body, { method, path: target, about });
    return this.made(method, target, about, body);
  }

  private patched(kind: Kind): FuzzRequest {
    const type = this.random.pick(PATCHES);
    const object = this.objectOf(kind);
    let body: unknown = this.random.chance(0.5) ? this.values.mutated(object) : object;
    if (type === 'json-patch+json') body = this.operations();
    if (type === 'strategic-merge-patch+json' && this.random.chance(0.5)) body = this.directives(body);
    const path = `${this.named(kind)}?${this.query()}${type === 'apply-patch+yaml' ? '&fieldManager=fuzz' : ''}`;
    return this.raw('PATCH', path, `a patch of ${kind.id}`, `application/${type}`, JSON.stringify(body) ?? 'null');
  }

  private hostile(): FuzzRequest {
    const size = Math.floor(1024 * (HOSTILE_BYTES_MAX / 1024) ** this.random.next());
    const maps = `/api/v1/namespaces/${this.random.pick(NAMESPACES)}/configmaps`;
    if (this.random.chance(0.3)) {
      const query = this.random.pick(hostileQueries)(Math.min(size, 200_000));
      return this.made('GET', `${maps}?${query}`, `a hostile query of ${size} bytes`);
    }
    const { name, method, type, make } = this.random.pick(hostileBodies);
    const path = method === 'POST' ? maps : `${maps}/a?fieldManager=fuzz`;
    return this.raw(method, path, `hostile: ${name}, ${size} bytes`, type, make(size));
  }

  private objectOf(kind: Kind): Record<string, unknown> {
    const { group, version, kind: name } = kind.names;
    const metadata: Record<string, unknown> = { name: this.random.pick(NAMES) };
    if (this.random.chance(0.3)) metadata['labels'] = { app: this.values.text() };
    if (this.random.chance(0.1)) metadata['finalizers'] = [this.values.text()];
    if (this.random.chance(0.05)) metadata['resourceVersion'] = this.values.text();
    return {
      ...{ apiVersion: group ? `${group}/${version}` : version, kind: name },
      ...{ metadata: this.random.chance(0.95) ? metadata : this.values.mutated(metadata) },
      ...this.values.object(kind.schema as ObjectType<unknown>),
    };
  }

  private operations(): unknown {
    const keys = ['metadata', 'spec', 'data', 'labels', 'containers', '0', '-', '', 'name', '~1', '-1'];
    const pointer = (): string => `/${this.values.times(4, () => this.random.pick(keys)).join('/')}`;
    return this.values.times(6, () => ({
      op: this.random.pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'odd']),
      path: pointer(),
      ...(this.random.chance(0.5) && { from: pointer() }),
      ...(this.random.chance(0.8) && { value: this.values.mutated({ a: 1 }) }),
    }));
  }

  private directives(body: unknown): unknown {
    const extra = this.random.pick<Record<string, unknown>>([
      { $patch: this.random.pick(['replace', 'delete', 'merge', 1]) },
      { $retainKeys: ['metadata', 'spec'] },
      { '$setElementOrder/finalizers': ['a', 1, null] },
      { '$deleteFromPrimitiveList/finalizers': ['a'] },
    ]);
    if (typeof body !== 'object' || body === null) return extra;
    return this.random.chance(0.5) ? { ...body, ...extra } : { ...body, metadata: extra, spec: extra };
  }

  private protobuf(kind: Kind, body: unknown, to: { method: string; path: string; about: string }): FuzzRequest {
    const { group, version, kind: name } = kind.names;
    let bytes: Uint8Array;
    try {
      bytes = encodeProtobuf(kind.schema as ObjectType<unknown>, body as object);
    } catch {
      // What is no message of the type is some other bytes.
      bytes = Buffer.from(JSON.stringify(body) ?? '');
    }
    const whole = Buffer.from(encodeEnvelope(group ? `${group}/${version}` : version, name, bytes));
    if (this.random.chance(0.4) && whole.length > 0) whole[this.random.below(whole.length)] = this.random.below(256);
    const cut = this.random.chance(0.1) ? whole.subarray(0, this.random.below(whole.length)) : whole;
    return this.raw(to.method, to.path, `${to.about} in protobuf`, 'application/vnd.kubernetes.protobuf', cut);
  }

  private query(): string {
    const parts = this.values.times(2, () =>
      this.random.pick<() => string>([
        () => 'dryRun=All',
        () => `dryRun=${this.text()}`,
        () => `fieldManager=${this.text()}`,
        () => `fieldValidation=${this.random.pick(['Strict', 'Warn', 'Ignore', 'x'])}`,
        () => `force=${this.random.pick(['true', 'false', ''])}`,
        () => `pretty=${this.random.pick(['1', '0', 'x'])}`,
        () => `limit=${this.random.pick(['1', '-1', 'x', '9'.repeat(30)])}`,
        () => `continue=${this.text()}`,
        () => `resourceVersion=${this.random.pick(['0', '1', '-1', 'x', '99999999999'])}`,
        () => `labelSelector=${this.random.pick(['app', 'app%3Da', '!app', 'a%20in%20(', ',', 'a>1'])}`,
        () => `fieldSelector=${this.random.pick(['metadata.name%3Da', 'x%3D1', 'a', '%5C'])}`,
        () => `propagationPolicy=${this.text()}`,
        () => `includeObject=${this.text()}`,
        () => `timeout=${this.text()}`,
      ])(),
    );
    return parts.join('&');
  }
  private text(): string {
    return encodeURIComponent(this.values.text().toWellFormed());
  }

  private collection(kind: Kind): string {
    const served = this.random.pick([kind.names, ...kind.served]);
    const root = served.group ? `/apis/${served.group}/${served.version}` : `/api/${served.version}`;
    const everywhere = !kind.names.namespaced || this.random.chance(0.05);
    return `${root}${everywhere ? '' : `/namespaces/${this.random.pick(NAMESPACES)}`}/${kind.names.plural}`;
  }
  private named(kind: Kind): string {
    const path = `${this.collection(kind)}/${this.random.pick(NAMES)}`;
    const subresources = kind.subresources.map(({ name }) => name).filter((name) => !SESSIONS.has(name));
    if (subresources.length === 0 || this.random.chance(0.8)) return path;
    return `${path}/${this.random.pick(subresources)}`;
  }

  private made(method: string, path: string, about: string, body?: unknown): FuzzRequest {
    if (body === undefined) return { method, path, about, headers: this.headers(), body: undefined };
    return this.raw(method, path, about, 'application/json', JSON.stringify(body) ?? 'null');
  }
  private raw(method: string, path: string, about: string, type: string, body: string | Buffer): FuzzRequest {
    const headers = { ...this.headers(), 'content-type': type };
    return { method, path, about, headers, body: Buffer.from(body as string) };
  }
  private headers(): Record<string, string> {
    return {
      accept: this.random.chance(0.7) ? 'application/json' : this.random.pick(ACCEPTS),
      'user-agent': this.random.pick(['fuzz/1', 'curl/8', 'Mozilla/5.0', 'kubectl/v1.35']),
    };
  }
}

/** Without a node there is nothing behind these. */
const SESSIONS = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

/** Nested too deeply for the library that writes it, it goes as JSON, which is YAML too. */
function yamlOf(value: unknown): string {
  try {
    return stringify(value);
  } catch {
    return JSON.stringify(value);
  }
}
