import { Agent, request, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { getCACertificates } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import type { HttpsAnswer, HttpsEndpoint, HttpsQuestion } from '#model';
import { ANSWER_BYTES_MAX, OUT_OF_TIME, type Asker } from '#ports';
import type { Json } from '#std';
import { causeWords } from './cause-words.js';

/** Questions to one server that are sent at once; further ones wait their turn, as long as their time lasts. */
const TO_ONE_MAX = 128;
/** Questions that wait for one server; more fail at once. */
const WAITING_MAX = 1024;
/** Connections are kept open for so long. */
const IDLE_MS = 90_000;
/** Servers whose connections are remembered. */
const TARGETS_MAX = 256;

export interface HttpsAskerOptions {
  /** Certificate and key of the client, as PEM, for servers that ask for them. */
  readonly identity?: { readonly cert: string; readonly key: string };
  readonly userAgent?: string;
}

/** One server, by its URL's origin and by how it proves that it is the right one. */
interface Target {
  readonly agent: Agent;
  underWay: number;
  readonly waiting: (() => void)[];
}

/**
 * Asks over HTTPS with the platform's client. Certificates are verified, always: by the endpoint's own authorities or by those of
 * the system. Redirects are not followed, answers are read up to {@link ANSWER_BYTES_MAX}, connections are kept open.
 */
export class HttpsAsker implements Asker {
  private readonly targets = new Map<string, Target>();

  constructor(private readonly options: HttpsAskerOptions = {}) {}

  async ask(question: HttpsQuestion): Promise<HttpsAnswer> {
    const { to, timeoutMs } = question;
    const deadline = performance.now() + timeoutMs;
    const url = URL.parse(to.url);
    if (url?.protocol !== 'https:') return failed(`${JSON.stringify(to.url)} is no URL of an HTTPS server`);
    const target = this.targetOf(url, to);
    if (target.waiting.length >= WAITING_MAX) return failed('too many requests to it are under way');
    if (!(await turn(target, timeoutMs))) return failed(OUT_OF_TIME);
    try {
      return await this.askAny(target, url, { ...question, timeoutMs: deadline - performance.now() });
    } finally {
      target.underWay--;
      target.waiting.shift()?.();
    }
  }

  /** Ends the connections that are kept. */
  close(): void {
    for (const { agent } of this.targets.values()) agent.destroy();
    this.targets.clear();
  }

  /** Tries the addresses in order, as long as no connection comes about. */
  private async askAny(target: Target, url: URL, question: HttpsQuestion): Promise<HttpsAnswer> {
    const deadline = performance.now() + question.timeoutMs;
    const body = JSON.stringify(question.body);
    const addresses = question.to.addresses ?? [{ host: bareHost(url), port: Number(url.port || 443) }];
    let why = 'it has no address';
    for (const { host, port } of addresses) {
      const options = this.requestOptions(target, url, { to: question.to, host, port, bytes: Buffer.byteLength(body) });
      const sent = await send(options, body, deadline - performance.now());
      if (!sent.isUnconnected || sent.is === 'answered') return sent;
      ({ why } = sent);
    }
    return failed(why);
  }

  private requestOptions(
    { agent }: Target,
    url: URL,
    { to, host, port, bytes }: { to: HttpsEndpoint; host: string; port: number; bytes: number },
  ): RequestOptions {
    const { identity, userAgent = 'kube-apiserver-admission' } = this.options;
    const name = to.serverName ?? bareHost(url);
    return {
      ...{ agent, host, port, method: 'POST', path: url.pathname + url.search },
      headers: {
        host: url.host,
        accept: 'application/json, */*',
        'content-type': 'application/json',
        'content-length': bytes,
        'user-agent': userAgent,
      },
      // A certificate names an IP address in another way than a host.
      ...(isIP(name) === 0 && { servername: name }),
      ...(isIP(name) !== 0 && { servername: '' }),
      ...identity,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ca: to.caBundle ? Buffer.from(to.caBundle, 'base64').toString() : systemAuthorities(),
    };
  }

  private targetOf(url: URL, { caBundle = '', serverName = '', addresses }: HttpsEndpoint): Target {
    const key = [url.origin, serverName, caBundle].join(' ');
    let target = this.targets.get(key);
    this.targets.delete(key);
    target ??= {
      agent: new Agent({ keepAlive: true, maxFreeSockets: addresses ? 8 : 4, timeout: IDLE_MS, scheduling: 'lifo' }),
      ...{ underWay: 0, waiting: [] },
    };
    this.targets.set(key, target);
    for (const [old, { agent, underWay }] of this.targets) {
      if (this.targets.size <= TARGETS_MAX) break;
      if (underWay > 0 || old === key) continue;
      agent.destroy();
      this.targets.delete(old);
    }
    return target;
  }
}

let authorities: string[] | undefined;
/** Read once: there are hundreds. */
function systemAuthorities(): string[] {
  return (authorities ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]);
}

/** Takes a place among the questions that are under way; false when time is up before. */
function turn(target: Target, timeoutMs: number): Promise<boolean> {
  if (target.underWay < TO_ONE_MAX) {
    target.underWay++;
    return Promise.resolve(true);
  }
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer);
      target.underWay++;
      resolve(true);
    };
    const timer = setTimeout(() => {
      target.waiting.splice(target.waiting.indexOf(go), 1);
      resolve(false);
    }, timeoutMs);
    target.waiting.push(go);
  });
}

/** An answer; `isUnconnected` when nothing was sent, so another address may be tried. */
function send(
  options: RequestOptions,
  body: string,
  timeoutMs: number,
): Promise<HttpsAnswer & { isUnconnected?: true }> {
  if (timeoutMs <= 0) return Promise.resolve(failed(OUT_OF_TIME));
  return new Promise((resolve) => {
    let isConnected = false;
    const call = request(options, (response) => {
      read(response).then(settle, (cause: unknown) => settle(failed(causeWords(cause))));
    });
    const timer = setTimeout(() => settle(failed(OUT_OF_TIME)), timeoutMs);
    const settle = (answer: HttpsAnswer & { isUnconnected?: true }): void => {
      clearTimeout(timer);
      resolve(answer);
      if (answer.is === 'failed') call.destroy();
    };
    call.on('socket', (socket) => {
      isConnected = !socket.connecting;
      // One that is kept is connected: it would never hear of it.
      if (!isConnected) socket.once('connect', () => (isConnected = true));
    });
    call.on('error', (cause) =>
      settle({ ...failed(causeWords(cause, options)), ...(!isConnected && { isUnconnected: true as const }) }),
    );
    call.end(body);
  });
}

async function read(response: IncomingMessage): Promise<HttpsAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) {
      response.destroy();
      return failed(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
    }
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString();
  return { is: 'answered', status: response.statusCode ?? 0, body: parsed(text) };
}

/** What is no JSON is the text itself. */
function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function failed(why: string): HttpsAnswer & { readonly is: 'failed' } {
  return { is: 'failed', why };
}
function bareHost({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
