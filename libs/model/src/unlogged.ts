import type { Json } from '#std';
import type { KubeObject } from './kube-object.js';
import type { View } from './view.js';

/**
 * Objects of a kind that no event makes: an app has in its memory what they are made from, and the API shows them beside
 * the logged ones. A logged object of the same name is shown instead.
 */
export interface Unlogged {
  /** Who is asked for the facts, and by what name: `query.<app>.<what>`. */
  readonly app: string;
  readonly what: string;
  /** The one namespace that they are in. */
  readonly namespace: string;
  /** What they are, for those who want them from the past or want to write them. */
  readonly remark: string;
  /** Names that such objects may have in the view, whatever is remembered. */
  names(view: View): readonly string[];
  /** The object that a remembered fact makes, or undefined where the view has no place for it. */
  object(name: string, fact: Json, view: View): KubeObject | undefined;
}

/** A question for facts. With `after`, the answer waits until the revision is another one, at most `waitMs`. */
export interface UnloggedQuestion {
  readonly after?: number;
  readonly waitMs?: number;
}
/** All that an app remembers of unlogged objects. */
export interface UnloggedFacts {
  /** Grows with every change, and from one life of the app to the next. */
  readonly revision: number;
  /** Where the app's own view of the log was. */
  readonly position: number;
  /** By the names of the objects. */
  readonly facts: Readonly<Record<string, Json>>;
}
