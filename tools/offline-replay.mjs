// node tools/offline-replay.mjs [FILE…] [--show N] [--resources a,b] [--only TEXT] [--folder DIR] [--quiet] [--unmanaged: without managedFields]
// Runs recorded scenarios through decideCommand in memory, without a server, and compares status and body with the recorded
// answers: the fastest way to see what a rule of a kind does. It knows GET of one object, simple lists and every write; what
// is the HTTP layer's own (watches, tables, selectors, discovery, broken bodies) is left out and not counted.
// FILE is a path or the beginning of a name in the folder (default test/recorded). It reads dist/: build first.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const flags = { show: 10, folder: process.env.SHIPLOG_RECORDED ?? join(root, 'test/recorded') };
const names = [];
for (let i = 2; i < process.argv.length; i++) {
  const a = process.argv[i];
  if (a === '--unmanaged' || a === '--quiet') flags[a.slice(2)] = true;
  else if (a.startsWith('--')) flags[a.slice(2)] = process.argv[++i];
  else names.push(a);
}
const files = names.length
  ? names.flatMap((n) =>
      existsSync(n)
        ? [n]
        : readdirSync(flags.folder)
            .filter((f) => f.startsWith(n) && f.endsWith('.jsonl.gz'))
            .map((f) => join(flags.folder, f)),
    )
  : readdirSync(flags.folder)
      .filter((f) => f.endsWith('.jsonl.gz'))
      .map((f) => join(flags.folder, f));

const model = await import(join(root, 'dist/libs/model/src/index.js'));
const testing = await import(join(root, 'dist/libs/model/src/testing/index.js'));
const { registry } = await import(join(root, 'dist/libs/kinds/src/index.js'));
const std = await import(join(root, 'dist/libs/std/src/index.js'));
const meta = await import(join(root, 'dist/libs/meta/src/index.js'));

// --- a server of one thread ------------------------------------------------------------------------------------------
let clock = Date.UTC(2026, 0, 1);
let uids = 0;
class Server {
  view = new testing.TestView(registry);
  constructor() {
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
      this.write({ verb: 'create', kind: 'core.namespaces', name: '', body: { metadata: { name } } });
  }
  write(parts) {
    clock += 1000;
    return testing.submit(registry, this.view, testing.testCommand(parts), clock, std.uuidOf(`uid ${++uids}`));
  }
}

const PATCHES = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};
const SKIP = Symbol('left to the HTTP layer');

function route(path) {
  let url;
  try {
    url = new URL(path, 'http://x');
    decodeURIComponent(url.pathname);
  } catch {
    return SKIP;
  }
  const parts = url.pathname.split('/').filter(Boolean);
  let group = '',
    version,
    rest;
  if (parts[0] === 'api') [, version, ...rest] = parts;
  else if (parts[0] === 'apis') [, group, version, ...rest] = parts;
  else return SKIP;
  if (!version || !rest?.length) return SKIP;
  let namespace;
  if (rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2])) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const [plural, name, subresource, ...more] = rest;
  const kind = registry.byResource(group, version, plural);
  if (!kind || more.length) return SKIP;
  return {
    kind,
    group,
    version,
    apiVersion: group ? `${group}/${version}` : version,
    namespace,
    name: name && decodeURIComponent(name),
    subresource,
    query: url.searchParams,
  };
}

function status(r) {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: r.continue ? { continue: r.continue } : {},
    status: 'Failure',
    message: r.message,
  };
  if (r.reason) body.reason = r.reason;
  if (r.details) body.details = r.details;
  body.code = r.code;
  return { status: r.code, body, warnings: [] };
}
const notFound = (kind, name, group) =>
  status(
    model.refusals.notFound({
      group: group ?? kind.names.group,
      resource: kind.names.plural,
      kind: kind.names.kind,
      name,
    }),
  );

function handle(server, request) {
  const accept = request.accept ?? 'application/json';
  if (accept.includes('as=') || accept.includes('protobuf') || accept.includes('yaml')) return SKIP;
  const to = route(request.path);
  if (to === SKIP) return SKIP;
  const { kind, namespace, name, subresource, query } = to;
  if (kind.names.namespaced !== (namespace !== undefined) && !(request.method === 'GET' && !name)) return SKIP;
  const served = kind.served.find(
    (s) =>
      s.group === to.group &&
      s.version === to.version &&
      !(s.group === kind.names.group && s.version === kind.names.version),
  );
  const shown = (object) => (served?.toServed ? served.toServed(object) : object);
  if (request.method === 'GET') {
    if (
      query.has('watch') ||
      query.has('labelSelector') ||
      query.has('fieldSelector') ||
      query.has('limit') ||
      query.has('continue') ||
      query.has('resourceVersion')
    )
      return SKIP;
    if (name) {
      if (subresource && !kind.subresources.some((s) => s.name === subresource)) return SKIP;
      if (
        subresource &&
        subresource !== 'status' &&
        subresource !== 'scale' &&
        subresource !== 'ephemeralcontainers' &&
        subresource !== 'resize'
      )
        return SKIP;
      const object = server.view.get(kind.ref, namespace, name);
      if (!object) return notFound(kind, name, to.group);
      if (subresource === 'scale')
        return { status: 200, body: model.scaleOf(object, meta.selectorText(object.spec.selector)), warnings: [] };
      return { status: 200, body: shown(object), warnings: [] };
    }
    const items = server.view.list(kind.ref, namespace).map((o) => {
      const { apiVersion, kind: k, ...rest } = shown(o);
      return rest;
    });
    return {
      status: 200,
      body: {
        kind: kind.names.listKind,
        apiVersion: to.apiVersion,
        metadata: { resourceVersion: String(server.view.position) },
        items,
      },
      warnings: [],
    };
  }
  const verb = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[request.method];
  if (!verb) return SKIP;
  if (verb === 'create' && name && !subresource) return SKIP;
  if (verb !== 'create' && !name) return verb === 'delete' ? SKIP : SKIP;
  if (subresource && !kind.subresources.some((s) => s.name === subresource && s.verbs.includes(verb))) return SKIP;
  if (['log', 'exec', 'attach', 'portforward', 'proxy'].includes(subresource)) return SKIP;
  let body = request.body;
  if (typeof body === 'string') return SKIP;
  const type = (request.type ?? 'application/json').split(';')[0];
  const patchType = verb === 'patch' ? PATCHES[type] : undefined;
  if (verb === 'patch' && !patchType) return SKIP;
  if (verb !== 'patch' && type !== 'application/json') return SKIP;
  const dry = query.getAll('dryRun');
  if (dry.some((d) => d !== 'All')) return SKIP;
  const validation = query.get('fieldValidation') || 'Warn';
  if (!['Strict', 'Warn', 'Ignore'].includes(validation)) return SKIP;
  if (query.has('force') && patchType !== 'apply') return SKIP;
  if (patchType === 'apply' && !query.has('fieldManager')) return SKIP;
  let dryRun = dry.length > 0;
  if (verb === 'delete') {
    if (body && body.kind && body.kind !== 'DeleteOptions') return SKIP;
    if (body?.dryRun) dryRun = true;
    else if (body) dryRun = false;
    if (!body)
      body = Object.fromEntries(
        ['propagationPolicy', 'orphanDependents', 'gracePeriodSeconds']
          .filter((k) => query.has(k))
          .map((k) => [k, k === 'propagationPolicy' ? query.get(k) : JSON.parse(query.get(k))]),
      );
  }
  const agent = Object.entries(request.headers ?? {}).find(([k]) => k.toLowerCase() === 'user-agent')?.[1] ?? '';
  const given = query.get('fieldManager') ?? '';
  if (given.length > 128 || /[\x00-\x1f]/.test(given)) return SKIP;
  const manager =
    given ||
    [...agent.split('/')[0]]
      .filter((c) => c >= ' ')
      .join('')
      .slice(0, 128) ||
    'unknown';
  const decided = server.write({
    verb,
    kind: kind.id,
    apiVersion: to.apiVersion,
    namespace,
    name: name ?? '',
    ...(subresource && { subresource }),
    body,
    ...(patchType && { patchType }),
    options: {
      dryRun,
      fieldManager: manager,
      fieldValidation: validation,
      ...(query.has('force') && { force: query.get('force') !== 'false' }),
      mayCreate: true,
    },
  });
  if (model.isRefusal(decided)) return { ...status(decided), warnings: decided.warnings ?? [] };
  const state = server.view.stream(model.streamOf(kind.id, namespace, decided.name));
  const version = decided.created && dryRun ? undefined : String(state?.position ?? server.view.position);
  const object = version ? model.withResourceVersion(decided.object, version) : decided.object;
  const code = verb === 'create' || (decided.created && (verb === 'update' || verb === 'patch')) ? 201 : 200;
  const response =
    decided.response?.kind === 'Scale'
      ? { ...decided.response, metadata: { ...decided.response.metadata, resourceVersion: version } }
      : decided.response;
  return { status: code, body: response ?? shown(object), warnings: decided.warnings };
}

// --- what may differ from run to run (the same rules as test/recorded/replay.mjs) --------------------------------------
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const order = (m) => `${m?.manager} ${m?.operation} ${m?.subresource ?? ''} ${m?.apiVersion}`;
const HASHES = new Set(['pod-template-hash', 'controller-revision-hash', 'controller.kubernetes.io/hash']);
function notice(value, made) {
  if (value === null || typeof value !== 'object') return;
  for (const [k, v] of Object.entries(value)) {
    if (typeof v !== 'string' || v === '') notice(v, made);
    else if (HASHES.has(k)) made.hashes.add(v.split('-').at(-1));
    else if (k === 'generateName') made.prefixes.add(v.slice(0, 58));
  }
}
const escaped = (s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
function normaliser(ns, suffix, request, made) {
  const asked =
    request.body === undefined ? '' : typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
  const ours = new RegExp(`(?<![a-z0-9])${suffix}(?![a-z0-9])`, 'g');
  const stable = (s) => {
    for (const h of made.hashes) s = s.replaceAll(h, '<hash>');
    return s.replaceAll(ns, `${ns.slice(0, -suffix.length)}xxxx`).replace(ours, 'xxxx');
  };
  const generated = [...made.prefixes].map(
    (p) => new RegExp(`(${escaped(stable(p))})[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])`, 'g'),
  );
  const text = (s) => {
    let out = stable(s)
      .replace(TIME, (t) => (asked.includes(t) ? t : '<time>'))
      .replace(UID, (u) => (asked.includes(u) ? u : '<uid>'));
    out = out.replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<jwt>');
    for (const g of generated) out = out.replace(g, '$1<5>');
    out = out.replace(/\.[0-9a-f]{16}$/, '.<hex>');
    out = out.replace(/(resourceVersion\\*":\\*")\d+/g, '$1<rv>');
    out = out.replace(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<5>');
    return out.replace(/\b10\.96\.\d+\.\d+\b/g, (ip) => (asked.includes(ip) ? ip : '<ip>'));
  };
  const walk = (value, key) => {
    if (typeof value === 'string') {
      if (key === 'resourceVersion' && !asked.includes(`"${value}"`)) return '<rv>';
      if (key === 'continue') return '<continue>';
      return text(value);
    }
    if (
      typeof value === 'number' &&
      (key === 'nodePort' || key === 'healthCheckNodePort') &&
      value !== 0 &&
      !asked.includes(String(value))
    )
      return '<port>';
    if (Array.isArray(value)) {
      if (key === 'managedFields') value = [...value].sort((a, b) => order(a).localeCompare(order(b)));
      return value.map((v) => walk(v, undefined));
    }
    if (value !== null && typeof value === 'object') {
      const out = {};
      for (const k of Object.keys(value).sort()) if (value[k] !== undefined) out[text(k)] = walk(value[k], k);
      return out;
    }
    return value;
  };
  return { walk, text };
}
function differences(want, got, path = '', out = []) {
  if (out.length > 20 || want === got) return out;
  if (
    want &&
    got &&
    typeof want === 'object' &&
    typeof got === 'object' &&
    Array.isArray(want) === Array.isArray(got)
  ) {
    for (const k of new Set([...Object.keys(want), ...Object.keys(got)]))
      differences(want[k], got[k], path ? `${path}.${k}` : k, out);
    return out;
  }
  const short = (v) => {
    const s = JSON.stringify(v);
    return s === undefined ? 'nothing' : s.length > 300 ? s.slice(0, 300) + '…' : s;
  };
  if (typeof want === 'string' && typeof got === 'string' && want.length > 200) {
    let i = 0;
    while (want[i] === got[i]) i++;
    out.push(
      `${path}: at ${i} recorded …${want.slice(Math.max(0, i - 60), i + 120)}… got …${got.slice(Math.max(0, i - 60), i + 120)}…`,
    );
    return out;
  }
  out.push(`${path || 'answer'}: recorded ${short(want)}, got ${short(got)}`);
  return out;
}
const at = (value, path) => path.split('.').reduce((v, k) => v?.[k], value);
function without(value, paths = []) {
  if (paths.length === 0 || value === undefined) return value;
  const copy = structuredClone(value);
  for (const p of paths) {
    const keys = p.split('.');
    const last = keys.pop();
    const holders = keys.reduce(
      (hs, k) => hs.flatMap((h) => (h == null ? [] : k === '*' ? Object.values(h) : [h[k]])),
      [copy],
    );
    for (const h of holders) if (h && typeof h === 'object') delete h[last];
  }
  return copy;
}
function only(value, paths) {
  const keep = (v, rests) => {
    if (rests.some((r) => r.length === 0) || v === null || typeof v !== 'object') return v;
    const out = Array.isArray(v) ? [] : {};
    for (const [k, x] of Object.entries(v)) {
      const next = rests.filter((r) => r[0] === '*' || r[0] === k).map((r) => r.slice(1));
      if (next.length) Array.isArray(out) ? out.push(keep(x, next)) : (out[k] = keep(x, next));
    }
    return out;
  };
  return keep(
    value,
    paths.map((p) => p.split('.')),
  );
}

// --- one scenario ----------------------------------------------------------------------------------------------------
function run(file) {
  const name = basename(file).replace(/\.jsonl(\.gz)?$/, '');
  const content = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(content) : content)
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((l) => JSON.parse(l));
  const suffix = 'qzqz';
  const ns = `${name.slice(0, 40)}-${suffix}`;
  const saved = { ns, run: suffix };
  const made = { hashes: new Set(), prefixes: new Set() };
  const fill = (v) =>
    typeof v === 'string'
      ? v.replace(/\$\{([\w.]+)\}/g, (m, k) => saved[k] ?? m)
      : Array.isArray(v)
        ? v.map(fill)
        : v && typeof v === 'object'
          ? Object.fromEntries(Object.entries(v).map(([k, x]) => [fill(k), fill(x)]))
          : v;
  const server = new Server();
  handle(server, {
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } },
  });
  handle(server, {
    method: 'POST',
    path: `/api/v1/namespaces/${ns}/serviceaccounts`,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
  });
  const result = { name, equal: 0, total: 0, skipped: 0, faults: [] };
  for (const line of lines) {
    const request = fill(line.do);
    let reply;
    try {
      reply = line.watch ? SKIP : handle(server, request);
    } catch (e) {
      reply = { status: 0, body: String(e.stack ?? e), warnings: [] };
    }
    const resource = route(request.path);
    const counts =
      !line.free &&
      (!flags.only || line.title.includes(flags.only)) &&
      (!flags.resources || (resource !== SKIP && flags.resources.split(',').includes(resource.kind.names.plural)));
    if (reply === SKIP) {
      if (counts) result.skipped++;
      continue;
    }
    for (const [k, p] of Object.entries(line.save ?? {})) saved[k] = at(JSON.parse(JSON.stringify(reply.body)), p);
    notice(reply.body, made);
    notice(request.body, made);
    if (!counts) continue;
    const { walk, text } = normaliser(ns, suffix, line.do, made);
    let answer = { status: reply.status, body: walk(JSON.parse(JSON.stringify(reply.body))) };
    // The API tells of an old kind with every answer.
    const warnings = [...(resource.kind?.deprecation ? [resource.kind.deprecation] : []), ...reply.warnings];
    if (warnings.length) answer.warnings = warnings.map((w) => text(`299 - ${JSON.stringify(w)}`)).sort();
    if (line.only) answer.body = only({ body: answer.body }, line.only).body;
    answer = without(answer, line.ignore);
    for (const p of line.sort ?? []) at(answer, p)?.sort?.((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    const unmanaged = flags.unmanaged ? ['body.metadata.managedFields', 'body.items.*.metadata.managedFields'] : [];
    const faults = differences(
      without(line.answer, [...(line.ignore ?? []), ...unmanaged]),
      without(answer, unmanaged),
    );
    result.total++;
    if (faults.length === 0) result.equal++;
    else result.faults.push({ title: line.title, faults });
  }
  return result;
}

let equal = 0,
  total = 0,
  shown = 0,
  skipped = 0;
for (const file of files) {
  const r = run(file);
  equal += r.equal;
  total += r.total;
  skipped += r.skipped;
  if (r.total === 0 || (flags.quiet && r.faults.length === 0)) continue;
  console.log(`${r.name}: ${r.equal} of ${r.total}${r.skipped ? ` (${r.skipped} left out)` : ''}`);
  for (const f of r.faults) {
    if (shown++ >= Number(flags.show)) break;
    console.log(`  ${f.title}`);
    for (const d of f.faults.slice(0, 6)) console.log(`    ${d}`);
  }
}
console.log(`answers equal ${equal} of ${total} (${skipped} left out)`);
process.exitCode = equal === total ? 0 : 1;
