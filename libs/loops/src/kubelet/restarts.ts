import { isInit, isSidecar } from '#pod';
import type { Container, Pod } from '#pod';
import type { Instant } from '#std';
import { delayInWords } from './record.js';
import type { BackOff } from './record.js';

/** The container's own policy, or the pod's; an init container that is to end is not started again once it succeeded. */
export function restartPolicyOf(pod: Pod, container: Container): string {
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
  const ends = isInit(pod, container.name) && !isSidecar(container);
  return ends && policy === 'Always' ? 'OnFailure' : policy;
}

/** Whether a container that ended with this code is to be started again. The first rule that matches the code decides. */
export function restarts(pod: Pod, container: Container, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const values = rule.exitCodes?.values ?? [];
    const matches = rule.exitCodes?.operator === 'NotIn' ? !values.includes(exitCode) : values.includes(exitCode);
    if (matches) return rule.action === 'Restart';
  }
  const policy = restartPolicyOf(pod, container);
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** When a container that ended may be started again: at once the first time. */
export function restartAt(backOff: BackOff, finishedAt: Instant): Instant {
  const forgotten = finishedAt - backOff.since > 600_000;
  return forgotten ? finishedAt : finishedAt + backOff.delayMs;
}
export function crashLoopMessage(backOff: BackOff, container: string, podWords: string): string {
  return `back-off ${delayInWords(backOff.delayMs)} restarting failed container=${container} pod=${podWords}`;
}
