// The container engine's HTTP API, as little of it as the tools need, without any package.
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';

/** Where the engine listens, as Docker's own clients read it. */
export function engineAddress() {
  return process.env.DOCKER_HOST || 'unix:///var/run/docker.sock';
}

/** Calls an engine, this machine's own by default; resolves with status and body, rejects when nobody answers. */
export function engine(method, path, { address = engineAddress(), timeoutMs = 60_000, body } = {}) {
  const url = new URL(address);
  const isSocket = url.protocol === 'unix:';
  const send = process.env.DOCKER_TLS_VERIFY && !isSocket ? secureRequest : request;
  const where = isSocket ? { socketPath: url.pathname } : { host: url.hostname, port: url.port || 2375 };
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const call = send(
      {
        ...where,
        method,
        path,
        timeout: timeoutMs,
        agent: false,
        ...(payload && { headers: { 'content-type': 'application/json' } }),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, body: parsed(text) }));
        response.on('error', reject);
      },
    );
    call.on('timeout', () => call.destroy(new Error('the engine did not answer in time')));
    call.on('error', reject);
    call.end(payload);
  });
}

export async function ping() {
  try {
    return (await engine('GET', '/_ping', { timeoutMs: 5_000 })).status === 200;
  } catch {
    return false;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
