import type { Command, Loop, LoopBasis, Submit, View } from '#model';
import { digestOf, streamOf } from '#model';
import { toEventTime, type Instant, type JsonObject } from '#std';
import { loopManager, loopUser } from './actors.js';
import { CAUSES_NAMED, type Causes } from './look-causes.js';

/** A look at a key, with all that its decisions were made from. */
export interface Look {
  readonly loop: Loop;
  readonly view: View;
  readonly key: string;
  readonly now: Instant;
  readonly build: string;
  /** The changes that it was taken because of. */
  readonly causes: Causes;
  /** What it read of the facts that are not in the log. */
  readonly facts: JsonObject | undefined;
}
/** A submit as the writer takes it, and what follows on it once it was accepted. */
export interface Ready {
  readonly submit: Submit;
  readonly command: Command;
  readonly then: readonly Ready[];
}

/**
 * A loop's submit with its actor, the revisions that it was based on, its causes and the basis of the decision. What follows
 * on it has the same basis, and rests on what it wrote: each write is one event. Called while the view is the one that was looked at.
 */
export function readyCommand(submit: Submit, look: Look, uid: () => string): Ready {
  return chained(submit, look, { uid, written: [] });
}

/** `written`: streams that earlier submits of the chain write, one for each write. */
function chained(
  submit: Submit,
  look: Look,
  { uid, written }: { readonly uid: () => string; readonly written: readonly string[] },
): Ready {
  const { loop, view, key, now, build, facts } = look;
  const basis: LoopBasis = {
    ...{ loop: loop.name, key, view: view.position, now: toEventTime(now), build, decided: digestOf(submit) },
    ...(facts && { facts }),
  };
  const { command } = submit;
  const own = [...written, streamOf(command.kind, command.namespace, command.name)];
  const then = (submit.then ?? []).map((next) => chained(next, look, { uid, written: own }));
  const revisionOf = (stream: string): number =>
    (view.stream(stream)?.revision ?? -1) + written.filter((one) => one === stream).length;
  return {
    submit,
    command: {
      apiVersion: 'v1',
      ...command,
      options: { fieldManager: loopManager(loop), ...command.options },
      actor: loopUser(loop),
      via: loop.name,
      because: submit.because,
      ...(submit.basedOn && {
        basedOn: submit.basedOn.map((stream) => ({ stream, revision: revisionOf(stream) })),
      }),
      ...causesOf(submit, look),
      basis,
      correlationId: uid(),
      ...(then[0] && { next: then[0].command }),
    },
    then,
  };
}

/** The changes that led to the look, and the newest of each stream that the decision rests on. */
function causesOf({ basedOn = [] }: Submit, { view, causes }: Look): Pick<Command, 'causes' | 'causeCount'> {
  const rests = basedOn.map((stream) => view.stream(stream)?.position ?? 0).filter((position) => position > 0);
  const named = [...new Set([...causes.positions, ...rests])].sort((a, b) => a - b).slice(-2 * CAUSES_NAMED);
  if (named.length === 0) return {};
  const count = causes.count + named.filter((position) => !causes.positions.includes(position)).length;
  return { causes: named, ...(count > named.length && { causeCount: count }) };
}
