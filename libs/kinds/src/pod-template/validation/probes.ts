import { forbidden, invalid, required } from '#meta';
import type { Problem } from '#model';
import type { ExecAction, GRPCAction, HTTPGetAction, Lifecycle, Probe, SleepAction, TCPSocketAction } from '#pod';
import {
  each,
  items,
  nonNegative,
  oneOf,
  portNumber,
  portNumberOrName,
  type Problems,
} from '../../validation/checks.js';

interface Handler {
  readonly exec?: ExecAction;
  readonly httpGet?: HTTPGetAction;
  readonly tcpSocket?: TCPSocketAction;
  readonly grpc?: GRPCAction;
  readonly sleep?: SleepAction;
}
const HEADER = /^[-A-Za-z0-9]+$/;
const HEADER_WORDS =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

export function validateLifecycle(
  field: string,
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
): Problems {
  if (!lifecycle) return [];
  return [
    ...(lifecycle.postStart ? validateHandler(`${field}.postStart`, lifecycle.postStart, graceSeconds) : []),
    ...(lifecycle.preStop ? validateHandler(`${field}.preStop`, lifecycle.preStop, graceSeconds) : []),
  ];
}

export type ProbeName = 'livenessProbe' | 'readinessProbe' | 'startupProbe';
export function validateProbe(field: string, name: ProbeName, probe: Probe | undefined): Problems {
  if (!probe) return [];
  const grace = probe.terminationGracePeriodSeconds;
  const found: Problem[] = [
    ...validateHandler(field, probe, undefined),
    ...nonNegative(`${field}.initialDelaySeconds`, probe.initialDelaySeconds),
    ...nonNegative(`${field}.timeoutSeconds`, probe.timeoutSeconds),
    ...nonNegative(`${field}.periodSeconds`, probe.periodSeconds),
    ...nonNegative(`${field}.successThreshold`, probe.successThreshold),
    ...nonNegative(`${field}.failureThreshold`, probe.failureThreshold),
  ];
  const graceField = `${field}.terminationGracePeriodSeconds`;
  if (grace !== undefined && grace <= 0) found.push(invalid(graceField, grace, 'must be greater than 0'));
  if (name === 'readinessProbe') {
    if (grace !== undefined) found.push(invalid(graceField, grace, 'must not be set for readinessProbes'));
  } else if ((probe.successThreshold ?? 0) !== 1) {
    found.push(invalid(`${field}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'));
  }
  return found;
}

/** Exactly one way of doing it. */
function validateHandler(field: string, handler: Handler, graceSeconds: number | undefined): Problems {
  const given: readonly (readonly [string, (at: string) => Problems] | undefined)[] = [
    handler.exec && (['exec', (at) => execProblems(at, handler.exec)] as const),
    handler.httpGet && (['httpGet', (at) => httpProblems(at, handler.httpGet)] as const),
    handler.tcpSocket && (['tcpSocket', (at) => portNumberOrName(`${at}.port`, handler.tcpSocket?.port ?? 0)] as const),
    handler.grpc && (['grpc', (at) => portNumber(`${at}.port`, handler.grpc?.port ?? 0)] as const),
    handler.sleep && (['sleep', (at) => sleepProblems(at, handler.sleep?.seconds ?? 0, graceSeconds)] as const),
  ];
  const used = given.filter((entry) => entry !== undefined);
  if (used.length === 0) return [required(field, 'must specify a handler type')];
  return used.flatMap(([name, check], i) => {
    const at = `${field}.${name}`;
    return i === 0 ? check(at) : [forbidden(at, 'may not specify more than 1 handler type')];
  });
}

function execProblems(field: string, exec: ExecAction | undefined): Problems {
  return items(exec?.command).length === 0 ? [required(`${field}.command`)] : [];
}

function httpProblems(field: string, http: HTTPGetAction | undefined): Problems {
  if (!http) return [];
  return [
    ...(http.path ? [] : [required(`${field}.path`)]),
    ...portNumberOrName(`${field}.port`, http.port),
    ...oneOf(`${field}.scheme`, http.scheme, ['HTTP', 'HTTPS']),
    ...items(http.httpHeaders).flatMap(({ name }) =>
      HEADER.test(name) ? [] : each(`${field}.httpHeaders`, name, [HEADER_WORDS]),
    ),
  ];
}

function sleepProblems(field: string, seconds: number, graceSeconds: number | undefined): Problems {
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
  const words = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds}). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`;
  return [invalid(`${field}.seconds`, seconds, words)];
}
