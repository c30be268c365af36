import { loopUser } from '#engine';
import { apiServices, isAvailable, pods } from '#kinds';
import { parseLabelSelector } from '#meta';
import { accessForbidden, kindInRole, questionText, type KindRegistry } from '#model';
import type { MetricAnswer, MetricQuestion, View } from '#model';
import type { Authorizer } from '#ports';
import { isJsonObject, type Json } from '#std';
import type { Backend } from '../backend.js';
import { Query } from '../query.js';
import { requestInfo } from '../request-info.js';
import type { Aggregator } from './aggregator.js';
import { externalValuesIn, figuresIn, quoted, valueIn, type Expected } from './metric-values.js';

export const CUSTOM_METRICS = 'custom.metrics.k8s.io';
export const EXTERNAL_METRICS = 'external.metrics.k8s.io';
/** What a server may take to answer: an autoscaler says within five seconds that it has no figures. */
const ANSWER_MS = 4000;
/** Size limit of an answer: so much, and so much for each pod that was asked about. */
const ANSWER_BYTES = 128 * 1024;
const POD_BYTES = 1024;
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** Questions to one server at a time. */
const UNDER_WAY_MAX = 64;
const MESSAGE_MAX = 512;

export interface MetricSourceOptions {
  readonly backend: Pick<Backend, 'current' | 'kinds' | 'now'>;
  readonly aggregator: Pick<Aggregator, 'server'>;
  readonly authorizer: Authorizer;
}
type Asked = Exclude<MetricQuestion, { readonly of: 'resource' }>;

/** The user that asks: the account of Kubernetes' autoscaler, whose role lets it. */
const AUTOSCALER = loopUser({ account: 'horizontal-pod-autoscaler' });

/**
 * Figures from the servers that are registered for custom and external metrics. Each question has its own time, so a server that
 * hangs costs the answers of nobody else; what it says is believed only where it can be true of what was asked about.
 */
export class MetricSource {
  private readonly underWay = new Map<string, Promise<MetricAnswer>>();
  private readonly counts = new Map<string, number>();

  constructor(private readonly options: MetricSourceOptions) {}

  /** Never rejects. The same question that is under way already is not put again. */
  answer(question: MetricQuestion): Promise<MetricAnswer> {
    if (question.of === 'resource')
      return Promise.resolve({ error: 'figures of resources are measured by this cluster itself' });
    const text = questionText(question);
    let asking = this.underWay.get(text);
    if (!asking) {
      asking = this.found(question)
        .catch((cause: unknown): MetricAnswer => ({ error: messageOf(cause) }))
        .finally(() => this.underWay.delete(text));
      this.underWay.set(text, asking);
    }
    return asking;
  }

  private async found(question: Asked): Promise<MetricAnswer> {
    const { backend } = this.options;
    const view = backend.current();
    const api = question.of === 'external' ? 'external' : 'custom';
    const unable = (error: string): MetricAnswer => ({
      error: `unable to fetch metrics from ${api} metrics API: ${error}`,
    });
    const version = versionOf(view, question);
    if (version === undefined) return unable(unregistered(question));
    const about = aboutOf(question, view, backend.kinds.at(view));
    if ('error' in about) return unable(about.error);
    const group = api === 'custom' ? CUSTOM_METRICS : EXTERNAL_METRICS;
    const read = await this.read(`${version}.${group}`, `/apis/${group}/${version}/${about.path}`, about, view);
    if ('error' in read) return unable(read.error);
    if (question.of === 'external') return externalValuesIn(read.json);
    return question.of === 'pod' ? figuresIn(read.json, about, backend.now()) : valueIn(read.json, about);
  }

  private async read(
    name: string,
    path: string,
    { query, bytesMax }: About,
    view: View,
  ): Promise<{ readonly json: Json } | { readonly error: string }> {
    const { aggregator, authorizer } = this.options;
    const info = requestInfo('GET', decodeURIComponent(path), new Query(query));
    const verdict = authorizer.authorize(AUTOSCALER, info, view);
    if (!verdict.allowed) return { error: accessForbidden(AUTOSCALER, info, verdict.reason).message };
    const apiService = view.get(apiServices, undefined, name);
    const server = apiService && isAvailable(apiService) ? aggregator.server(name) : undefined;
    if (!server)
      return { error: `the server is currently unable to handle the request: the APIService ${name} is not available` };
    const count = this.counts.get(name) ?? 0;
    if (count >= UNDER_WAY_MAX) return { error: `${count} questions to the APIService ${name} are under way already` };
    this.counts.set(name, count + 1);
    try {
      const search = query === '' ? '' : `?${query}`;
      const { code, body } = await server.ask(path + search, { user: AUTOSCALER, bytesMax, timeoutMs: ANSWER_MS });
      return parsed(code, body.toString('utf8'));
    } catch (cause) {
      return { error: `the APIService ${name} did not answer: ${messageOf(cause)}` };
    } finally {
      const left = (this.counts.get(name) ?? 1) - 1;
      if (left > 0) this.counts.set(name, left);
      else this.counts.delete(name);
    }
  }
}

/** The version of the API that a server is registered for; undefined where there is none. */
function versionOf(view: View, { of }: Asked): string | undefined {
  const names = of === 'external' ? [['v1beta1', EXTERNAL_METRICS]] : CUSTOM_VERSIONS;
  return names.find(([version, group]) => view.get(apiServices, undefined, `${version}.${group}`)?.spec.service)?.[0];
}
/** The better one first. */
const CUSTOM_VERSIONS = ['v1beta2', 'v1beta1'].map((version) => [version, CUSTOM_METRICS]);

function unregistered(question: Asked): string {
  return question.of === 'external'
    ? `the server could not find the requested resource (get ${question.metric}.${EXTERNAL_METRICS})`
    : `no custom metrics API (${CUSTOM_METRICS}) registered`;
}

interface About extends Expected {
  /** Behind the version. */
  readonly path: string;
  readonly query: string;
  readonly bytesMax: number;
}

/** Where Kubernetes' client asks, and what it asks about. */
function aboutOf(question: Asked, view: View, kinds: KindRegistry): About | { readonly error: string } {
  const { namespace, metricSelector } = question;
  const metric = encodeURIComponent(question.metric);
  const within = `namespaces/${encodeURIComponent(namespace)}`;
  const query = (parts: Readonly<Record<string, string>>): string =>
    Object.entries(parts)
      .flatMap(([key, value]) => (value === '' ? [] : `${key}=${encodeURIComponent(value)}`))
      .join('&');
  if (question.of === 'external') {
    const path = `${within}/${metric}`;
    const search = query({ labelSelector: metricSelector });
    return { namespace, kind: '', is: () => 'other', path, query: search, bytesMax: ANSWER_BYTES };
  }
  if (question.of === 'object') {
    const search = query({ metricLabelSelector: metricSelector });
    return { ...aboutObject(question, kinds, { within, metric }), query: search, bytesMax: ANSWER_BYTES };
  }
  const { selector } = question;
  const labels = parseLabelSelector(selector);
  if (!labels.ok) return { error: labels.message };
  const names = kinds.byId(pods.id)?.names;
  const all = view.list(pods, namespace);
  const count = all.filter(({ metadata }) => labels.value.matches(metadata.labels)).length;
  return {
    namespace,
    kind: names?.kind ?? '',
    is(name) {
      const pod = view.get(pods, namespace, name);
      if (!pod) return 'gone';
      return labels.value.matches(pod.metadata.labels) ? 'asked' : 'other';
    },
    path: `${within}/${names?.plural}/*/${metric}`,
    query: query({ labelSelector: selector, metricLabelSelector: metricSelector }),
    bytesMax: Math.min(ANSWER_BYTES + count * POD_BYTES, ANSWER_BYTES_MAX),
  };
}

function aboutObject(
  { namespace, object }: Extract<Asked, { readonly of: 'object' }>,
  kinds: KindRegistry,
  { within, metric }: { readonly within: string; readonly metric: string },
): Omit<About, 'query' | 'bytesMax'> | { readonly error: string } {
  const [group, kindName] = [groupOf(object.apiVersion), object.kind];
  const found = kinds.all.find(
    ({ names, served }) => names.kind === kindName && [names, ...served].some((one) => one.group === group),
  );
  const qualified = group === '' ? kindName : `${kindName}.${group}`;
  if (!found) {
    const why = `no matches for kind ${JSON.stringify(kindName)} in group ${JSON.stringify(group)}`;
    return { error: `unable to map kind ${qualified} to resource: ${why}` };
  }
  // A namespace is asked about as itself, whichever is named: no autoscaler looks outside of its own.
  const isNamespace = found.id === kindInRole(kinds, 'namespace')?.id;
  const name = isNamespace ? namespace : object.name;
  const resource = group === '' ? found.names.plural : `${found.names.plural}.${group}`;
  return {
    namespace: isNamespace ? '' : namespace,
    kind: kindName,
    is: (one) => (one === name ? 'asked' : 'other'),
    path: isNamespace
      ? `${within}/metrics/${metric}`
      : `${within}/${encodeURIComponent(resource)}/${encodeURIComponent(name)}/${metric}`,
  };
}
function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function parsed(code: number, text: string): { readonly json: Json } | { readonly error: string } {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch {
    return { error: `the answer, with the code ${code}, is no JSON: ${quoted(text.slice(0, MESSAGE_MAX))}` };
  }
  if (code >= 200 && code < 300) return { json };
  const message = isJsonObject(json) && typeof json['message'] === 'string' ? json['message'] : '';
  return { error: message.slice(0, MESSAGE_MAX) || `the server answered with the code ${code}` };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
