import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { ContainerRuntime, ExecTarget, HttpTarget, ProbeAnswer, Prober, ProbeTarget, TcpTarget } from '#ports';
import { askGrpc } from './grpc-health.js';

const OUTPUT_BYTES_MAX = 10_240;
const LATE_MS = 500;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const REQUESTS_MAX = 10;

/** Probes over the node's network, and commands through the engine. */
export class NetworkProber implements Prober {
  constructor(private readonly runtime: Pick<ContainerRuntime, 'exec'>) {}

  /** A failure that came long after its time was up says that this process got no turn, and nothing about the pod. */
  async probe(target: ProbeTarget): Promise<ProbeAnswer> {
    const started = performance.now();
    const answer = await this.ask(target).catch(unaskable);
    const lateMs = performance.now() - started - target.timeoutMs;
    if (answer.result !== 'failure' || lateMs < LATE_MS) return answer;
    return { result: 'unknown', output: `the node was too busy to probe in time: ${answer.output}` };
  }

  private async ask(target: ProbeTarget): Promise<ProbeAnswer> {
    switch (target.is) {
      case 'exec':
        return this.exec(target);
      case 'http':
        return askHttp(target);
      case 'tcp':
        return askTcp(target);
      case 'grpc':
        return askGrpc(target);
    }
  }
  private async exec(target: ExecTarget): Promise<ProbeAnswer> {
    try {
      const result = await this.runtime.exec(target.containerId, target.command, {
        timeoutMs: target.timeoutMs,
        outputBytesMax: OUTPUT_BYTES_MAX,
      });
      if (result.timedOut)
        return {
          result: 'failure',
          output: `command timed out: "${target.command.join(' ')}" timed out after ${target.timeoutMs / 1000}s`,
        };
      return { result: result.exitCode === 0 ? 'success' : 'failure', output: result.output };
    } catch (error) {
      return { result: 'unknown', output: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** A host, port or header that nothing can be sent with: the pod asks for it, so it is the pod's failure. */
function unaskable(error: unknown): ProbeAnswer {
  return { result: 'failure', output: error instanceof Error ? error.message : String(error) };
}

/**
 * As the kubelet asks: redirects are followed within the pod. One that leads elsewhere ends the probe, and well: what is
 * there says nothing of the pod.
 */
async function askHttp(target: HttpTarget): Promise<ProbeAnswer> {
  const path = `${target.path.startsWith('/') ? '' : '/'}${target.path}`;
  const first = `${target.scheme.toLowerCase()}://${bracketed(target.host)}:${target.port}${path}`;
  const deadline = performance.now() + target.timeoutMs;
  let address = first;
  for (let asked = 0; asked < REQUESTS_MAX; asked++) {
    const answer = await get(address, target, deadline - performance.now());
    if ('result' in answer) return answer;
    if (answer.code < 200 || answer.code >= 400)
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${answer.code}` };
    if (!REDIRECTS.has(answer.code) || answer.location === undefined) return { result: 'success', output: '' };
    const next = URL.parse(answer.location, address);
    if (!next)
      return { result: 'failure', output: `Get "${first}": failed to parse Location header "${answer.location}"` };
    if (next.hostname !== new URL(address).hostname)
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${answer.body}` };
    address = next.href;
  }
  return { result: 'failure', output: `Get "${address}": stopped after ${REQUESTS_MAX} redirects` };
}

interface Answered {
  readonly code: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** One request, with a connection of its own. The body is read only of what is no plain answer. */
function get(address: string, target: HttpTarget, timeoutMs: number): Promise<Answered | ProbeAnswer> {
  return new Promise((resolve) => {
    const given = new Map(target.headers.map(([name, value]) => [name.toLowerCase(), value]));
    const headers: Record<string, string> = {
      'user-agent': 'kube-probe/1.35',
      accept: '*/*',
      ...Object.fromEntries(given),
    };
    for (const [name, value] of Object.entries(headers)) if (value === '') delete headers[name];
    const isSecure = address.startsWith('https:');
    const ask = isSecure ? httpsRequest : httpRequest;
    const options = {
      method: 'GET',
      headers,
      agent: false as const,
      timeout: timeoutMs,
      ...(isSecure && { rejectUnauthorized: false }),
    };
    const finish = (answer: Answered | ProbeAnswer): void => {
      clearTimeout(late);
      resolve(answer);
      question.destroy();
    };
    const question = ask(address, options, (response) => {
      const { statusCode: code = 0, headers: told } = response;
      let body = '';
      const end = (): void => finish({ code, location: told.location, body });
      response.on('error', end);
      if (!REDIRECTS.has(code)) return end();
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
        if (body.length >= OUTPUT_BYTES_MAX) end();
      });
      response.on('end', end);
    });
    // Not before there is a question: one that cannot be asked throws at once.
    const late = setTimeout(
      () => question.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
      timeoutMs,
    );
    question.on('error', (error) =>
      finish({ result: 'failure', output: `Get "${address}": ${dialWords(error, target)}` }),
    );
    question.end();
  });
}

function askTcp(target: TcpTarget): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: target.host, port: target.port });
    const late = setTimeout(
      () => finish({ result: 'failure', output: `dial tcp ${bracketed(target.host)}:${target.port}: i/o timeout` }),
      target.timeoutMs,
    );
    const finish = (answer: ProbeAnswer): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => finish({ result: 'success', output: '' }));
    socket.once('error', (error) => finish({ result: 'failure', output: dialWords(error, target) }));
  });
}

/** As Go's dialer says it: users know these sentences. */
function dialWords(error: Error, target: { readonly host: string; readonly port: number }): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'i/o timeout',
    ECONNRESET: 'read: connection reset by peer',
  };
  const known = words[(error as NodeJS.ErrnoException).code ?? ''];
  return known ? `dial tcp ${bracketed(target.host)}:${target.port}: ${known}` : error.message;
}
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
