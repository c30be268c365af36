import { Projection } from '#engine';
import { foldEvent, streamOf, type KindId, type KubeObject, type StoredEvent } from '#model';
import { jsonEquals, type Prng } from '#std';
import { customKindsAnew, differingKinds, type CustomKinds } from './custom-kinds.js';

/** All objects of a kind, as a client had them at a position. */
export interface Observation {
  readonly what: string;
  readonly kind: KindId;
  readonly position: number;
  readonly objects: readonly KubeObject[];
}

/** The custom kinds with their objects, as a client had them at a position. */
export interface KindsObservation {
  readonly what: string;
  readonly position: number;
  readonly kinds: CustomKinds;
}

/** What clients were shown, to be held against the log. */
export class Observations {
  readonly violations: string[] = [];
  private readonly kept: { readonly position: number; readonly against: (view: Projection) => readonly string[] }[] =
    [];

  constructor(private readonly positions: () => readonly { readonly position: number }[]) {}

  add(observation: Observation): void {
    this.kept.push({ position: observation.position, against: (view) => differences(observation, view) });
  }
  addKinds({ what, position, kinds }: KindsObservation): void {
    const against = (view: Projection): readonly string[] =>
      differingKinds(kinds, customKindsAnew(view)).map(
        (kind) => `${what} of ${kind} at position ${position} is not what the definitions of that position make`,
      );
    this.kept.push({ position, against });
  }
  wrong(message: string): void {
    this.violations.push(message);
  }
  /** Of an event that is in the log already. */
  somePosition(chance: Prng): number | undefined {
    const events = this.positions();
    return events.length === 0 ? undefined : events[chance.below(events.length)]?.position;
  }

  /** Folds the log once more, and compares each observation with the state at its position. */
  check(events: readonly StoredEvent[]): readonly string[] {
    const waiting = [...this.kept].sort((a, b) => b.position - a.position);
    const view = new Projection(foldEvent);
    const found = [...this.violations];
    const due = (next: number): void => {
      for (let one = waiting.at(-1); one && one.position < next; one = waiting.at(-1)) {
        waiting.pop();
        found.push(...one.against(view));
      }
    };
    for (const event of events) {
      due(event.position);
      view.apply(event);
    }
    due(Infinity);
    return found;
  }
}

function differences({ what, kind, position, objects }: Observation, view: Projection): readonly string[] {
  const nameOf = ({ metadata }: KubeObject): string => streamOf(kind, metadata.namespace, metadata.name);
  const shown = new Map(objects.map((object) => [nameOf(object), object]));
  const true_ = new Map(view.list({ id: kind }).map((object) => [nameOf(object), object]));
  const names = new Set([...shown.keys(), ...true_.keys()]);
  const wrong = [...names].filter((name) => !jsonEquals(shown.get(name), true_.get(name)));
  if (shown.size !== objects.length) wrong.push('an object twice');
  return wrong.length === 0
    ? []
    : [`${what} at position ${position} differs from the log in ${wrong.slice(0, 4).join(', ')}`];
}
