import type { Json, JsonObject } from '#std';
import type { KubeObject } from './kube-object.js';
import type { Refusal } from './refusal.js';
import type { View } from './view.js';

/** Which unlogged objects of a kind are meant. A part that is absent means all. */
export interface UnloggedPlace {
  readonly namespace?: string;
  readonly name?: string;
}

/**
 * Objects of a kind that no event makes: an app has in its memory what they are made from, and the API shows them beside
 * the logged ones. A logged object of the same name is shown instead.
 */
export interface Unlogged {
  /** Who is asked for the facts, and by what name: `query.<app>.<what>`. */
  readonly app: string;
  readonly what: string;
  /** The one namespace that they are in. Absent: any, or none where the kind is cluster-scoped. */
  readonly namespace?: string;
  /** All objects of the kind are unlogged: without the app it has no answer, and of the past none at all. */
  readonly isWhole?: true;
  /** What they are, for those who want them from the past or want to write them. */
  readonly remark: string;
  /** Body of the question about some of them; an asker that follows adds `after` and `waitMs`. */
  question(place: UnloggedPlace): JsonObject;
  /** The facts in an answer. What is ill-formed is left out. */
  facts(answer: JsonObject): readonly UnloggedFact[];
  /** Whether the view has a place for such an object, whatever is remembered. */
  mayHave(view: View, place: UnloggedPlace): boolean;
  /** The object that a remembered fact makes, or undefined where the view has no place for it. */
  object(fact: UnloggedFact, view: View): KubeObject | undefined;
  /** The question for what they were in the last minutes, where the app keeps that; its answer has `figures`, each with the place. */
  readonly history?: { readonly what: string; question(place: UnloggedPlace, sinceMs: number): JsonObject };
  /** Answer to a get of one that there is not; absent: the kind's own. */
  missing?(place: UnloggedPlace, view: View): Refusal;
}

/** What an app remembers of one object. */
export interface UnloggedFact {
  readonly namespace?: string;
  readonly name: string;
  readonly fact: Json;
}

/** Added to a question by who follows. With `after`, the answer waits until the revision is another one, at most `waitMs`. */
export interface UnloggedQuestion {
  readonly after?: number;
  readonly waitMs?: number;
}
/** Every answer has at least these. */
export interface UnloggedAnswer {
  /** Grows with every change, and from one life of the app to the next. Absent where nobody can follow. */
  readonly revision?: number;
  /** Where the app's own view of the log was. */
  readonly position: number;
}
/** Answer with all that an app remembers of objects of one namespace, by their names. */
export interface NamedFacts extends UnloggedAnswer {
  readonly revision: number;
  readonly facts: Readonly<Record<string, Json>>;
}
/** An answer as its {@link Unlogged} reads it. */
export interface UnloggedFacts {
  readonly revision: number;
  readonly position: number;
  readonly facts: readonly UnloggedFact[];
}
