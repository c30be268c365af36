import type { Command, Loop, Submit, View } from '#model';
import { toEventTime, type Instant } from '#std';
import { loopManager, loopUser } from './actors.js';

/** The look at a key that decided a submit. */
export interface Look {
  readonly loop: Loop;
  readonly view: View;
  readonly key: string;
  readonly now: Instant;
  readonly build: string;
}

/** A loop's submit as the writer takes it: with its actor, the revisions it was based on, and the basis of the decision. */
export function loopCommand(submit: Submit, { loop, view, key, now, build }: Look, correlationId: string): Command {
  const { command } = submit;
  return {
    apiVersion: 'v1',
    ...command,
    options: { fieldManager: loopManager(loop), ...command.options },
    actor: loopUser(loop),
    via: loop.name,
    because: submit.because,
    ...(submit.basedOn && {
      basedOn: submit.basedOn.map((stream) => ({ stream, revision: view.stream(stream)?.revision ?? -1 })),
    }),
    basis: {
      loop: loop.name,
      key,
      view: view.position,
      now: toEventTime(now),
      build,
      ...(submit.facts && { facts: submit.facts }),
    },
    correlationId,
  };
}
