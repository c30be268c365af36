import { createServer } from 'node:https';
import { startCluster } from '../cluster.mjs';
import { clientOf } from './api.mjs';
import { median } from './median.mjs';

/** How long the webhook takes for each review. */
const SLOW_MS = 10_000;
/** Writes that wait for the webhook all the time. */
const HOOKED = 32;
const BYSTANDERS = 4000;
/** Before the webhook answers the bystanders are done, however busy the machine is. */
const MEASURE_MS = 6_000;
const CLIENTS = 8;
const RUNS = 9;

/** The figures that this module gives. */
export const names = ['webhook.bystander_p99_ratio'];
export const runs = 1;

/**
 * The 99th percentile of creates that concern no webhook, while 32 others wait for one that takes 10 s, over that without any
 * webhook. The median of nine pairs of runs: the 99th percentile of one is what a single collection of the heap makes it.
 */
export async function run() {
  const hook = await slowHook();
  const cluster = await startCluster({ apps: 'api' });
  try {
    const send = clientOf(cluster.kubeconfig);
    // Connections of their own: those of a client are as many as these wait.
    const sendHooked = clientOf(cluster.kubeconfig);
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
    await creates(send, 'warm', 1000);
    const ratios = [];
    for (let i = 0; i < RUNS; i++) {
      const alone = await creates(send, `alone-${i}`, BYSTANDERS);
      await register(send, hook);
      const waiting = Array.from({ length: HOOKED }, (_, at) => hooked(sendHooked, `${i}-${at}`));
      await hook.reached(HOOKED);
      const beside = await creates(send, `beside-${i}`, BYSTANDERS);
      if (hook.answered > 0) throw new Error('the webhook answered while bystanders were measured');
      await send('DELETE', `${CONFIGURATIONS}/slow`);
      hook.release();
      await Promise.all(waiting);
      ratios.push(beside / alone);
    }
    return { 'webhook.bystander_p99_ratio': median(ratios, 'x', 2) };
  } finally {
    await cluster.stop();
    await hook.stop();
  }
}

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const CONFIG_MAPS = '/api/v1/namespaces/bench/configmaps';

async function register(send, hook) {
  const answer = await send('POST', CONFIGURATIONS, {
    metadata: { name: 'slow' },
    webhooks: [
      {
        name: 'slow.hooks.bench',
        clientConfig: { url: hook.url, caBundle: hook.caBundle },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        objectSelector: { matchLabels: { hooked: 'yes' } },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        timeoutSeconds: 30,
      },
    ],
  });
  if (answer.status !== 201) throw new Error(`the webhook was answered ${answer.status}: ${answer.text}`);
}

/** A write that waits for the webhook. */
async function hooked(send, name) {
  const answer = await send('POST', CONFIG_MAPS, { metadata: { name: `hooked-${name}`, labels: { hooked: 'yes' } } });
  if (answer.status !== 201) throw new Error(`a hooked create answered ${answer.status}: ${answer.text}`);
}

/** The 99th percentile of so many creates, or of those of {@link MEASURE_MS}, in milliseconds. */
async function creates(send, prefix, count) {
  const times = [];
  let next = 0;
  const until = performance.now() + MEASURE_MS;
  const client = async () => {
    while (next < count && performance.now() < until) {
      const name = `${prefix}-${next++}`;
      const sent = performance.now();
      const answer = await send('POST', CONFIG_MAPS, { metadata: { name }, data: { key: 'x'.repeat(200) } });
      if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)];
}

/** A webhook that answers after {@link SLOW_MS}, or when it is released. */
async function slowHook() {
  const { openMemoryKeys } = await import('#adapters');
  const keys = await openMemoryKeys();
  const { certificate, privateKey } = await keys.issueCertificate({
    ...{ commonName: 'hook', ipAddresses: ['127.0.0.1'], usage: 'server' },
  });
  const open = new Set();
  let answered = 0;
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      const { uid } = JSON.parse(text).request;
      const answer = () => {
        if (!open.delete(answer)) return;
        clearTimeout(timer);
        answered++;
        const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
        response.end(JSON.stringify(review));
      };
      const timer = setTimeout(answer, SLOW_MS);
      open.add(answer);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${server.address().port}/`,
    caBundle: Buffer.from(keys.caCertificate).toString('base64'),
    get answered() {
      return answered;
    },
    async reached(count) {
      for (const until = performance.now() + SLOW_MS / 2; open.size < count;) {
        if (performance.now() > until) throw new Error(`only ${open.size} of ${count} writes reached the webhook`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    release() {
      for (const answer of [...open]) answer();
      answered = 0;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
