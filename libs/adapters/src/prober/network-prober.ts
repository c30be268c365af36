import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { ContainerRuntime, ExecTarget, HttpTarget, ProbeAnswer, Prober, ProbeTarget, TcpTarget } from '#ports';
import { askGrpc } from './grpc-health.js';

const OUTPUT_BYTES_MAX = 10_240;
const LATE_MS = 500;

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

function askHttp(target: HttpTarget): Promise<ProbeAnswer> {
  const url = `${target.scheme.toLowerCase()}://${bracketed(target.host)}:${target.port}${target.path.startsWith('/') ? '' : '/'}${target.path}`;
  return new Promise((resolve) => {
    const given = new Map(target.headers.map(([name, value]) => [name.toLowerCase(), value]));
    const headers: Record<string, string> = {
      'user-agent': 'kube-probe/1.35',
      accept: '*/*',
      ...Object.fromEntries(given),
    };
    for (const [name, value] of Object.entries(headers)) if (value === '') delete headers[name];
    const ask = target.scheme === 'HTTPS' ? httpsRequest : httpRequest;
    const options = {
      method: 'GET',
      headers,
      agent: false as const,
      timeout: target.timeoutMs,
      ...(target.scheme === 'HTTPS' && { rejectUnauthorized: false }),
    };
    const finish = (answer: ProbeAnswer): void => {
      clearTimeout(late);
      resolve(answer);
    };
    const question = ask(url, options, (response) => {
      const code = response.statusCode ?? 0;
      response.resume();
      response.on('error', () => undefined);
      finish(
        code >= 200 && code < 400
          ? { result: 'success', output: '' }
          : { result: 'failure', output: `HTTP probe failed with statuscode: ${code}` },
      );
      question.destroy();
    });
    // Not before there is a question: one that cannot be asked throws at once.
    const late = setTimeout(
      () => question.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
      target.timeoutMs,
    );
    question.on('error', (error) => finish({ result: 'failure', output: `Get "${url}": ${dialWords(error, target)}` }));
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
