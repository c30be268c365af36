import type { ForwardRequest, LogRequest, SessionRequest, StreamOpened } from '#model';
import type { Bus, BusSubscription } from '#ports';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import type { PodWorker } from './pod-worker.js';
import type { LogSessions } from './log-sessions.js';
import type { ExecSessions } from './exec-sessions.js';

interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}
interface Answering {
  readonly bus: Bus;
  readonly node: string;
  readonly logs: LogSessions;
  readonly sessions: ExecSessions;
  pod(at: PodPlace): PodWorker | undefined;
}

/** Serves log, exec, attach and port-forward requests of the API: each opens a byte stream or is refused. */
export function serveSessions({ bus, node, logs, sessions, pod }: Answering): BusSubscription[] {
  const answer = <T extends PodPlace>(
    verb: string,
    open: (request: T, worker: PodWorker | undefined) => StreamOpened,
  ): BusSubscription =>
    bus.subscribe(subjects.node(node, verb), (data) => {
      const request = decodeMessage(data) as unknown as T;
      return encodeMessage(open(request, pod(request)));
    });
  return [
    answer<LogRequest>('logs', (request, worker) => logs.answer(request, worker)),
    answer<SessionRequest>('exec', (request, worker) => sessions.answer(request, worker)),
    answer<SessionRequest>('attach', (request, worker) => sessions.answer(request, worker)),
    answer<ForwardRequest>('portforward', (request, worker) => sessions.forward(request, worker)),
  ];
}
