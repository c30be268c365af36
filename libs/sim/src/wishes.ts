import type { JsonObject, Prng } from '#std';

/** An object as a client sends it. */
export interface Wish extends JsonObject {
  readonly apiVersion: string;
  readonly metadata: { readonly name: string };
}

export const IMAGES = ['app:1', 'app:2', 'app:3'];
/** Programs of this image end by themselves. */
export const JOB_IMAGE = 'job:1';
/** Is in the data of every Secret: it may be found nowhere in the log. */
export const SECRET_MARKER = 'only-for-eyes-of-the-owner';

export function deployment(name: string, chance: Prng): Wish {
  const readinessProbe = {
    tcpSocket: { port: 80 },
    initialDelaySeconds: chance.below(6),
    periodSeconds: 5 + chance.below(5),
  };
  const container = {
    name: 'app',
    image: chance.pick(IMAGES),
    resources: { requests: { cpu: `${100 * (1 + chance.below(8))}m` } },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1 + chance.below(4),
      minReadySeconds: chance.chance(0.2) ? chance.below(5) : 0,
      selector: { matchLabels: { app: name } },
      strategy: chance.chance(0.2)
        ? { type: 'Recreate' }
        : {
            type: 'RollingUpdate',
            rollingUpdate: { maxSurge: chance.pick([1, 2, '50%']), maxUnavailable: chance.pick([0, 1, '25%']) || 0 },
          },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: chance.below(5),
          ...(chance.chance(0.3) && { tolerations: [briefly(chance)] }),
          containers: [chance.chance(0.3) ? { ...container, readinessProbe } : container],
        },
      },
    },
  };
}

/** Of a node that cannot be reached, for less time than most pods. */
function briefly(chance: Prng): JsonObject {
  const key = 'node.kubernetes.io/unreachable';
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: chance.below(60) };
}

/** A pod that runs to its end once. */
export function job(name: string, chance: Prng): Wish {
  const container = { name: 'job', image: JOB_IMAGE, resources: { requests: { cpu: '100m' } } };
  const restartPolicy = chance.chance(0.7) ? 'Never' : 'OnFailure';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy, terminationGracePeriodSeconds: 1, containers: [container] },
  };
}
export function service(name: string): Wish {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
  };
}
export function namespace(name: string): Wish {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
export function configMap(name: string, chance: Prng): Wish {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { [`key-${chance.below(3)}`]: `value-${chance.below(100)}` },
  };
}
/** An object of about so many bytes. */
export function large(name: string, bytes: number, chance: Prng): Wish {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { large: String(chance.below(10)).repeat(bytes) },
  };
}
export function secret(name: string, chance: Prng): Wish {
  const clear = `${SECRET_MARKER}-${chance.below(100)}`;
  const content = chance.chance(0.5)
    ? { stringData: { password: clear } }
    : { data: { password: Buffer.from(clear).toString('base64') } };
  const annotations = { note: clear };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, ...(chance.chance(0.3) && { annotations }) },
    ...content,
  };
}
