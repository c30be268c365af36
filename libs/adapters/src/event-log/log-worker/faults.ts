import {
  AppendVoid,
  EventTooLarge,
  LogDamaged,
  LogFailed,
  LogFull,
  LogUnavailable,
  WrongExpectedRevision,
} from '#ports';
import type { Failure } from './protocol.js';

/** The fault that a failure of the worker means to who asked. */
export function faultOf(failure: Failure): LogDamaged | LogFailed | LogFull | AppendVoid | LogUnavailable {
  switch (failure.is) {
    case 'damaged':
      return new LogDamaged(failure.message, failure.position === undefined ? {} : { position: failure.position });
    case 'unavailable':
      return new LogUnavailable(failure.message);
    case 'full':
      return new LogFull(failure.message);
    case 'failed':
      return new LogFailed(failure.message);
    case 'void':
      return new AppendVoid();
    case 'too-large':
      return new LogUnavailable(
        `an event of ${failure.bytes} bytes is larger than the log takes (${failure.bytesMax})`,
      );
    case 'moved':
      return new LogUnavailable(`the stream is at revision ${failure.actual}`);
  }
}

/** The fault of one append, which names its stream. */
export function appendFault(
  { stream, expectedRevision }: { readonly stream: string; readonly expectedRevision: number },
  failure: Failure,
): unknown {
  if (failure.is === 'moved') return new WrongExpectedRevision(stream, expectedRevision, failure.actual);
  if (failure.is === 'too-large') return new EventTooLarge(stream, failure.bytes, failure.bytesMax);
  return faultOf(failure);
}
