#!/usr/bin/env node
// Replays recorded requests against a server that speaks the Kubernetes API and compares its answers with the recorded ones.
//   KUBECONFIG=… node replay.mjs [FILE.jsonl.gz…] [--show N] [--only TEXT] [--resources pods,nodes,…] [--parallel N] [--kubectl PATH] [--json] [--record OUT_FOLDER]
// Without files: every file in recorded/ (read one with zcat). A file is one scenario; its lines are run in order in a namespace of its own.
// With --resources only answers about these resources count; the other requests are sent all the same.
// Prints a line per scenario, the first N differences, and last: answers equal N of M.
// A line: { title, do: { method, path, type?, accept?, headers?, body?, anonymous? }, save?: { name: "a.b.0.c" }, settle?: seconds, until?: "what the answer must show before it is recorded", watch?: { events, seconds },
//           only?: ["body.status", …], ignore?: ["a.*.b", …], sort?: ["body.items"], free?: true (not compared), answer: { status, warnings?, body | text | events } }
// In path, headers and body ${ns} is the scenario's namespace, ${run} the four letters it ends with, ${name} a saved value. `settle` polls until the answer is the recorded one.
// A line with an authorization header, and an anonymous one, are sent without the kubeconfig's own credentials.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import https from 'node:https';
import { gunzipSync, gzipSync } from 'node:zlib';

const flags = { show: 10, kubectl: 'kubectl', parallel: 4 };
const files = [];
for (let i = 2; i < process.argv.length; i++) {
  const a = process.argv[i];
  if (a === '--json') flags.json = true;
  else if (a.startsWith('--')) flags[a.slice(2)] = process.argv[++i];
  else files.push(a);
}
const recordedFolder = dirname(fileURLToPath(import.meta.url));
if (files.length === 0) {
  for (const f of readdirSync(recordedFolder).sort()) if (/\.jsonl(\.gz)?$/.test(f)) files.push(join(recordedFolder, f));
}

// --- the server -------------------------------------------------------------------------------------------------
const config = JSON.parse(execFileSync(flags.kubectl, ['config', 'view', '--raw', '--minify', '-o', 'json'], { encoding: 'utf8' }));
const cluster = config.clusters[0].cluster;
const user = config.users[0].user;
const inline = (data, file) => (data ? Buffer.from(data, 'base64') : file ? readFileSync(file) : undefined);
const base = new URL(cluster.server);
const agent = new https.Agent({ keepAlive: true, maxSockets: 8 });
const bareAgent = new https.Agent({ keepAlive: true, maxSockets: 8 });
const tls = {
  ca: inline(cluster['certificate-authority-data'], cluster['certificate-authority']),
  cert: inline(user['client-certificate-data'], user['client-certificate']),
  key: inline(user['client-key-data'], user['client-key']),
  servername: cluster['tls-server-name'],
  rejectUnauthorized: !cluster['insecure-skip-tls-verify'],
};

function send({ method, path, type, accept = 'application/json', headers = {}, body, anonymous }, watch) {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const all = { accept, ...headers };
    if (payload) all['content-length'] = payload.length;
    if (payload && type !== null) all['content-type'] = type ?? 'application/json';
    const bare = anonymous || Object.keys(headers).some((h) => h.toLowerCase() === 'authorization');
    if (user.token && !bare) all.authorization = `Bearer ${user.token}`;
    const credentials = bare ? { ...tls, cert: undefined, key: undefined } : tls;
    const prefix = base.pathname.replace(/\/$/, '');
    const request = https.request({ host: base.hostname, port: base.port || 443, method, path: prefix + path, headers: all, agent: watch ? false : bare ? bareAgent : agent, ...credentials }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      const done = () => resolve({ status: response.statusCode, headers: response.headers, text });
      const timer = watch && setTimeout(() => { request.destroy(); done(); }, watch.seconds * 1000);
      response.on('data', (chunk) => {
        text += chunk;
        if (watch?.events && text.split('\n').length > watch.events) { clearTimeout(timer); request.destroy(); done(); }
      });
      response.on('end', () => { clearTimeout(timer); done(); });
      response.on('error', () => { clearTimeout(timer); done(); });
    });
    request.on('error', (e) => (watch ? undefined : reject(e)));
    request.setTimeout(60_000, () => request.destroy(new Error('no answer in 60 s')));
    request.end(payload);
  });
}

// --- what may differ from run to run ----------------------------------------------------------------------------
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const AGE = /^(\d+[smhdy])+$/;
const dropped = new Set(['description']);

const order = (m) => `${m?.manager} ${m?.operation} ${m?.subresource ?? ''} ${m?.apiVersion}`;
const HASHES = new Set(['pod-template-hash', 'controller-revision-hash', 'controller.kubernetes.io/hash']);
// what this scenario's server made up so far: hashes of templates, and the beginnings of generated names
function notice(value, made) {
  if (value === null || typeof value !== 'object') return;
  for (const [k, v] of Object.entries(value)) {
    if (typeof v !== 'string' || v === '') notice(v, made);
    else if (HASHES.has(k)) made.hashes.add(v.split('-').at(-1));
    else if (k === 'generateName') made.prefixes.add(v.slice(0, 58));
  }
}
const escaped = (s) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
// Of the client's own certificate: the recorder's, and ours.
const FINGERPRINT = /X509SHA256=[0-9a-f]{64}/g;

function normaliser(ns, suffix, request, made) {
  const asked = request.body === undefined ? '' : typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
  const ours = new RegExp(`(?<![a-z0-9])${suffix}(?![a-z0-9])`, 'g');
  const stable = (s) => { for (const h of made.hashes) s = s.replaceAll(h, '<hash>'); return s.replaceAll(ns, `${ns.slice(0, -suffix.length)}xxxx`).replace(ours, 'xxxx'); };
  const generated = [...made.prefixes].map((p) => new RegExp(`(${escaped(stable(p))})[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])`, 'g'));
  const text = (s) => {
    let out = stable(s).replace(TIME, (t) => (asked.includes(t) ? t : '<time>')).replace(UID, (u) => (asked.includes(u) ? u : '<uid>'));
    out = out.replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<jwt>');
    out = out.replace(FINGERPRINT, 'X509SHA256=<hash>');
    for (const g of generated) out = out.replace(g, '$1<5>');
    out = out.replace(/\.[0-9a-f]{16}$/, '.<hex>');
    out = out.replace(/(resourceVersion\\*":\\*")\d+/g, '$1<rv>');
    out = out.replace(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<5>');
    out = out.replace(/\b(containerd|docker|cri-o|podman):\/\/[0-9a-f]{64}\b/g, '<container>').replace(/\b10\.244\.\d+\.\d+\b/g, (ip) => (asked.includes(ip) ? ip : '<pod-ip>'));
    out = out.replace(/\b10\.96\.\d+\.\d+\b/g, (ip) => (asked.includes(ip) ? ip : '<ip>'));
    return out;
  };
  const walk = (value, key, parent) => {
    if (typeof value === 'string') {
      if (key === 'resourceVersion' && !asked.includes(`"${value}"`)) return '<rv>';
      if (key === 'continue') return '<continue>';
      return text(value);
    }
    if (typeof value === 'number' && (key === 'nodePort' || key === 'healthCheckNodePort') && value !== 0 && !asked.includes(String(value))) return '<port>';
    if (Array.isArray(value)) {
      if (key === 'managedFields') value = [...value].sort((a, b) => order(a).localeCompare(order(b))); // the server orders them by a second's time
      if (key === 'cells') return value.map((c) => (typeof c !== 'string' ? walk(c) : AGE.test(c) ? '<age>' : walk(c.replace(/\((\d+[smhdy])+ ago\)/, '(<age> ago)'))));
      return value.map((v) => walk(v, undefined, value));
    }
    if (value !== null && typeof value === 'object') {
      const out = {};
      for (const k of Object.keys(value).sort()) {
        if (dropped.has(k) && (value.type !== undefined || value.format !== undefined) && parent?.[0]?.priority !== undefined) continue; // column definitions
        out[text(k)] = walk(value[k], k, value); // a name or a uid may be in a key too
      }
      return out;
    }
    return value;
  };
  return { walk, text };
}

function differences(want, got, path = '', out = []) {
  if (out.length > 20) return out;
  if (want === got) return out;
  if (want && got && typeof want === 'object' && typeof got === 'object' && Array.isArray(want) === Array.isArray(got)) {
    for (const k of new Set([...Object.keys(want), ...Object.keys(got)])) differences(want[k], got[k], path ? `${path}.${k}` : k, out);
    return out;
  }
  const short = (v) => { const s = JSON.stringify(v); return s === undefined ? 'nothing' : s.length > 160 ? s.slice(0, 160) + '…' : s; };
  out.push(`${path || 'answer'}: recorded ${short(want)}, got ${short(got)}`);
  return out;
}

const resourceOf = (path) => /^\/(?:at\/[^/]+\/)?(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/?]+\/(?!status|finalize)(?=[^/?]))?([^/?]+)/.exec(path)?.[1];
const at = (value, path) => path.split('.').reduce((v, k) => v?.[k], value);
function without(value, paths = []) {
  if (paths.length === 0 || value === undefined) return value;
  const copy = structuredClone(value);
  for (const p of paths) {
    const keys = p.split('.');
    const last = keys.pop();
    const holders = keys.reduce((hs, k) => hs.flatMap((h) => (h == null ? [] : k === '*' ? Object.values(h) : [h[k]])), [copy]);
    for (const h of holders) if (h && typeof h === 'object') delete h[last];
  }
  return copy;
}

// the parts named by paths; * stands for every key or item
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
  return keep(value, paths.map((p) => p.split('.')));
}

// --- one scenario -----------------------------------------------------------------------------------------------
const pause = (ms) => new Promise((r) => setTimeout(r, ms));
const letters = 'bcdfghjklmnpqrstvwxz2456789';

async function run(file) {
  const name = basename(file).replace(/(\.requests)?\.jsonl(\.gz)?$/, '');
  const content = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l.replace(FINGERPRINT, 'X509SHA256=<hash>')));
  const suffix = Array.from({ length: 4 }, () => letters[Math.floor(Math.random() * letters.length)]).join('');
  const ns = `${name.slice(0, 40)}-${suffix}`;
  const saved = { ns, run: suffix };
  const made = { hashes: new Set(), prefixes: new Set() };
  const fill = (v) => (typeof v === 'string' ? v.replace(/\$\{([\w.]+)\}/g, (m, k) => saved[k] ?? m)
    : Array.isArray(v) ? v.map(fill) : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [fill(k), fill(x)])) : v);
  await send({ method: 'POST', path: '/api/v1/namespaces', body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } } });
  await send({ method: 'POST', path: `/api/v1/namespaces/${ns}/serviceaccounts`, body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } } }); // where no controller makes it
  await pause(flags.record ? 300 : 0);

  const ask = async (line) => {
    const request = fill(line.do);
    const reply = await send(request, line.watch);
    let parsed;
    try { parsed = JSON.parse(reply.text); } catch { /* text */ }
    notice(parsed, made);
    notice(request.body, made);
    const { walk, text } = normaliser(ns, suffix, line.do, made); // what is filled in differs from run to run
    let answer = { status: reply.status };
    const warnings = reply.headers.warning && (Array.isArray(reply.headers.warning) ? reply.headers.warning : [reply.headers.warning]);
    if (warnings) answer.warnings = warnings.flatMap((w) => w.split(/,\s(?=299)/)).map(text).sort();
    let raw;
    if (line.watch && reply.status === 200) {
      answer.events = reply.text.split('\n').filter(Boolean).slice(0, line.watch.events).map((l) => { try { return JSON.parse(l); } catch { return l; } }).map((e) => walk(e));
    } else {
      try { raw = JSON.parse(reply.text); answer.body = walk(raw); } catch { if (reply.text) answer.text = text(reply.text); }
    }
    const whole = JSON.stringify(answer);
    if (line.only) for (const k of ['body', 'events', 'text']) if (answer[k] !== undefined) answer[k] = only({ [k]: answer[k] }, line.only)[k];
    answer = without(answer, line.ignore);
    for (const p of line.sort ?? []) at(answer, p)?.sort?.((a, b) => { const [x, y] = [JSON.stringify(a), JSON.stringify(b)]; return x < y ? -1 : x > y ? 1 : 0; });
    return { answer, raw, whole };
  };

  const result = { name, equal: 0, total: 0, faults: [] };
  const out = [];
  for (const line of lines) {
    if (flags.only && !line.title.includes(flags.only) && !line.save && !line.free) continue;
    if (line.free) { await ask(line).catch(() => {}); if (flags.record) out.push(JSON.stringify(line)); continue; }
    if (flags.resources && !flags.record && !flags.resources.split(',').includes(resourceOf(line.do.path))) {
      const { raw } = await ask(line).catch(() => ({}));
      for (const [k, p] of Object.entries(line.save ?? {})) saved[k] = at(raw, p);
      continue;
    }
    let { answer, raw } = await ask(line).catch((e) => ({ answer: { status: 0, text: String(e.message) } }));
    const same = () => differences(without(line.answer, line.ignore), without(answer, line.ignore));
    if (flags.record) {
      if (line.settle) { // wait until it has not changed for two seconds
        let quiet = 0;
        for (const end = Date.now() + line.settle * 1000; Date.now() < end && quiet < 8;) {
          await pause(250);
          const next = await ask(line);
          const ripe = !line.until || new RegExp(line.until, 's').test(next.whole);
          quiet = ripe && JSON.stringify(next.answer) === JSON.stringify(answer) ? quiet + (line.until ? 2 : 1) : 0;
          ({ answer, raw } = next);
        }
      }
      if (answer.status === 0 || (answer.status === 500 && !line.keep)) continue; // faults of the recorded server, but for those that a user meets (keep)
      if (/ Go (struct|value|type)|unmarshal|cannot restore|cannot convert|error decoding/.test(answer.body?.message ?? '')) line.ignore = [...new Set([...(line.ignore ?? []), 'body.message', 'body.details.causes'])]; // the server's own words for its own types
      out.push(JSON.stringify({ ...line, answer: without(answer, line.ignore) }));
    } else {
      let faults = same();
      for (const end = Date.now() + (line.settle ?? 0) * 1000; faults.length > 0 && Date.now() < end;) {
        await pause(100);
        ({ answer, raw } = await ask(line));
        faults = same();
      }
      result.total++;
      if (faults.length === 0) result.equal++;
      else result.faults.push({ title: line.title, faults });
    }
    for (const [k, p] of Object.entries(line.save ?? {})) saved[k] = at(raw, p);
  }
  await send({ method: 'DELETE', path: `/api/v1/namespaces/${ns}`, body: { propagationPolicy: 'Background' } }).catch(() => {});
  if (flags.record) {
    mkdirSync(flags.record, { recursive: true });
    writeFileSync(join(flags.record, `${name}.jsonl.gz`), gzipSync(out.join('\n') + '\n', { level: 9 }));
    result.total = out.length;
  }
  return result;
}

let equal = 0;
let total = 0;
let shown = 0;
const results = [];
const groups = {}; // scenarios of one kind run one after the other
for (const f of files) (groups[basename(f).replace(/-[^-]*$/, '')] ??= []).push(f);
const queue = Object.values(groups);
const report = (r) => {
  results.push(r);
  equal += r.equal;
  total += r.total;
  if (flags.json) return;
  console.log(flags.record ? `${r.name}: recorded ${r.total}` : `${r.name}: ${r.equal} of ${r.total}`);
  for (const f of r.faults) {
    if (shown++ >= Number(flags.show)) break;
    console.log(`  ${f.title}`);
    for (const d of f.faults.slice(0, 5)) console.log(`    ${d}`);
  }
};
await Promise.all(Array.from({ length: Number(flags.parallel) }, async () => {
  for (let group = queue.shift(); group; group = queue.shift()) for (const file of group) report(await run(file));
}));
agent.destroy();
bareAgent.destroy();
if (flags.json) console.log(JSON.stringify({ equal, total, results }));
else console.log(flags.record ? `recorded ${total}` : `answers equal ${equal} of ${total}`);
process.exitCode = flags.record || equal === total ? 0 : 1;
