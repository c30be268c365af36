import { isJsonObject, type Json } from '#std';

/** What an autoscaler asks about the load of its target. Selectors are in words: `app=a,tier in (b,c)`. */
export type MetricQuestion =
  | {
      readonly of: 'resource';
      readonly resource: string;
      readonly namespace: string;
      readonly selector: string;
      /** One container of each pod; all of them where undefined. */
      readonly container?: string;
    }
  | {
      readonly of: 'pod';
      readonly metric: string;
      readonly namespace: string;
      readonly selector: string;
      readonly metricSelector: string;
    }
  | {
      readonly of: 'object';
      readonly metric: string;
      readonly namespace: string;
      readonly object: { readonly apiVersion: string; readonly kind: string; readonly name: string };
      readonly metricSelector: string;
    }
  | {
      readonly of: 'external';
      readonly metric: string;
      readonly namespace: string;
      readonly metricSelector: string;
    };

/**
 * One pod's figure: thousandths of its unit, when it was taken, and the length of the interval that it is an average of. Where more would
 * have been used without limits and neighbours, that comes fourth.
 */
export type PodFigure = readonly [milli: number, at: number, windowMs: number, demandMilli?: number];

/** Plain data, so that a decision records it as it is. Of pods without a figure an answer has none. */
export type MetricAnswer =
  | { readonly pods: { readonly [pod: string]: PodFigure } }
  /** Of an object one value, of something outside a value for each series that was found; in thousandths; `at` is when it was answered. */
  | { readonly values: readonly number[]; readonly at?: number }
  /** The question was just asked: nothing is known yet, and a later look will be answered. */
  | { readonly isPending: true }
  /** Why there is no answer: what follows on `unable to get metrics for resource cpu: `. */
  | { readonly error: string };

/** The fact under which loops read answers; see {@link questionText}. */
export const MEASUREMENTS = 'measurements';

/** The text that names a question, the same for the same question. */
export function questionText(question: MetricQuestion): string {
  return JSON.stringify(question, Object.keys(question).concat('apiVersion', 'kind', 'name').sort());
}
/** The question that a text names; undefined for any other text. */
export function parseQuestion(text: string): MetricQuestion | undefined {
  try {
    const question = JSON.parse(text) as Json;
    return isJsonObject(question) && typeof question['of'] === 'string'
      ? (question as unknown as MetricQuestion)
      : undefined;
  } catch {
    return undefined;
  }
}
