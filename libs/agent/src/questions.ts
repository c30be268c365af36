import type { ForwardRequest, LogRequest, SessionRequest, StreamOpened } from '#model';
import type { Bus, BusSubscription } from '#ports';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import type { PodKeeper } from './keeper.js';
import type { LogAnswers } from './log-answer.js';
import type { SessionAnswers } from './session-answer.js';

interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}
interface Answering {
  readonly bus: Bus;
  readonly node: string;
  readonly logs: LogAnswers;
  readonly sessions: SessionAnswers;
  pod(at: PodPlace): PodKeeper | undefined;
}

/** Listens for what the API asks of a node: each answer opens a byte stream, or says why it cannot. */
export function answerQuestions({ bus, node, logs, sessions, pod }: Answering): BusSubscription[] {
  const answer = <T extends PodPlace>(
    verb: string,
    open: (request: T, keeper: PodKeeper | undefined) => StreamOpened,
  ): BusSubscription =>
    bus.subscribe(subjects.node(node, verb), (data) => {
      const request = decodeMessage(data) as unknown as T;
      return encodeMessage(open(request, pod(request)));
    });
  return [
    answer<LogRequest>('logs', (request, keeper) => logs.answer(request, keeper)),
    answer<SessionRequest>('exec', (request, keeper) => sessions.answer(request, keeper)),
    answer<SessionRequest>('attach', (request, keeper) => sessions.answer(request, keeper)),
    answer<ForwardRequest>('portforward', (request, keeper) => sessions.forward(request, keeper)),
  ];
}
