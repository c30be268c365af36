import { createRequire } from 'node:module';
import type Grpc from '@grpc/grpc-js';
import type { GrpcTarget, ProbeAnswer } from '#ports';

const SERVING = 1;
/** Each probe has a connection of its own and goes straight to the pod: a proxy or an old connection would answer for it. */
const OPTIONS = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** grpc.health.v1.Health/Check, with the two tiny messages written by hand: a string field, and an enum field. */
export function askGrpc(target: GrpcTarget): Promise<ProbeAnswer> {
  const address = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  // Loaded when the first pod asks for such a probe: few do.
  const { Client, credentials, status } = createRequire(import.meta.url)('@grpc/grpc-js') as typeof Grpc;
  const client = new Client(address, credentials.createInsecure(), OPTIONS);
  return new Promise((resolve) => {
    const finish = (answer: ProbeAnswer): void => {
      client.close();
      resolve(answer);
    };
    client.makeUnaryRequest<string, number>(
      '/grpc.health.v1.Health/Check',
      encode,
      decode,
      target.service,
      { deadline: Date.now() + target.timeoutMs },
      (error, answer) => {
        if (error) {
          const timedOut = error.code === status.DEADLINE_EXCEEDED;
          const words = timedOut
            ? `timeout: failed to connect service "${address}" within ${target.timeoutMs / 1000}s: context deadline exceeded`
            : `error: health rpc probe failed: ${error.details}`;
          finish({ result: 'failure', output: words });
          return;
        }
        finish(
          answer === SERVING
            ? { result: 'success', output: '' }
            : { result: 'failure', output: `service unhealthy (responded with "${NAMES[answer ?? 0] ?? 'UNKNOWN'}")` },
        );
      },
    );
  });
}
const NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

function encode(service: string): Buffer {
  const bytes = Buffer.from(service, 'utf8');
  return bytes.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
}
function decode(bytes: Buffer): number {
  return bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0;
}
