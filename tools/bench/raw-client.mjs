import { execFileSync } from 'node:child_process';
import { connect } from 'node:tls';
import { kubectl } from '../clients.mjs';

/** Address and credentials of the kubeconfig's cluster and user. */
export function accessOf(kubeconfig) {
  const config = JSON.parse(
    execFileSync(kubectl(), ['config', 'view', '--raw', '--minify', '-o', 'json', '--kubeconfig', kubeconfig], {
      encoding: 'utf8',
    }),
  );
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const bytes = (text) => Buffer.from(text, 'base64');
  const { hostname, port } = new URL(cluster.server);
  return {
    host: hostname,
    port: Number(port),
    ca: bytes(cluster['certificate-authority-data']),
    cert: bytes(user['client-certificate-data']),
    key: bytes(user['client-key-data']),
  };
}

/**
 * So many connections of HTTP/1.1 that each carry one request at a time. Node's own client takes about as much processor time
 * for a request as the server for its answer; this one writes a text and looks for the end of the answer, nothing more.
 * `send(connection, method, path, body)` → { status, text }.
 */
export async function openClients(kubeconfig, count) {
  const access = accessOf(kubeconfig);
  const connections = await Promise.all(Array.from({ length: count }, () => open(access)));
  return {
    send: (number, ...asked) => connections[number].send(...asked),
    close: () => connections.forEach(({ socket }) => socket.destroy()),
  };
}

function open(access) {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...access, ALPNProtocols: ['http/1.1'] }, () =>
      resolve({ socket, send: (method, path, body) => send(socket, access.host, { method, path, body }) }),
    );
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

function send(socket, host, { method, path, body }) {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Accept: application/json',
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(payload)}`]),
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${payload}`);
  return new Promise((resolve, reject) => {
    let got = '';
    const onData = (chunk) => {
      got += chunk.latin1Slice();
      const end = got.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(got.slice(0, end + 2))?.[1];
      if (length === undefined) return settle(reject, new Error(`an answer without its length: ${got.slice(0, end)}`));
      if (got.length < end + 4 + Number(length)) return;
      settle(resolve, { status: Number(got.slice(9, 12)), text: got.slice(end + 4) });
    };
    const onEnd = () => settle(reject, new Error(`the server closed the connection of ${method} ${path}`));
    const settle = (how, what) => {
      socket.off('data', onData);
      socket.off('close', onEnd);
      how(what);
    };
    socket.on('data', onData);
    socket.once('close', onEnd);
  });
}
