import { MEASUREMENTS, questionText, type MetricQuestion, type Outside, type PodFigure } from '#model';
import { isJsonObject, type Json } from '#std';

/** What an API says that nobody serves: Kubernetes' words on a cluster without one. */
function unserved(question: MetricQuestion): string {
  switch (question.of) {
    case 'resource':
      return 'unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
    case 'pod':
    case 'object':
      return 'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';
    case 'external':
      return `unable to fetch metrics from external metrics API: the server could not find the requested resource (get ${question.metric}.external.metrics.k8s.io)`;
  }
}

export interface Failed {
  readonly error: string;
}
/** The figures of pods, by name. Figures that cannot be true count as missing. */
export function podFigures(outside: Outside | undefined, question: MetricQuestion): Map<string, PodFigure> | Failed {
  const answer = answerTo(outside, question);
  if ('error' in answer) return answer;
  const { pods } = answer;
  if (!isJsonObject(pods)) return { error: 'the answer has no figures of pods' };
  return new Map(
    Object.entries(pods).filter((entry): entry is [string, [number, number, number]] => isFigure(entry[1])),
  );
}
/** More than this many times of what is used is no demand to believe. */
const DEMAND_MAX = 10;
/** The figures with what would have been used without limits and neighbours in place of what was. */
export function demandOf(figures: ReadonlyMap<string, PodFigure>): Map<string, PodFigure> {
  return new Map(
    [...figures].map(([pod, [milli, at, windowMs, demand = milli]]) => [
      pod,
      [Math.min(demand, milli * DEMAND_MAX), at, windowMs],
    ]),
  );
}
export interface Values {
  readonly values: readonly bigint[];
  /** When they were answered. */
  readonly at?: number;
}
/** The values of one metric. One that cannot be true is none: a guess must not scale. */
export function valuesOf(outside: Outside | undefined, question: MetricQuestion): Values | Failed {
  const answer = answerTo(outside, question);
  if ('error' in answer) return answer;
  const { values, at } = answer;
  if (!Array.isArray(values) || values.length === 0) return { error: 'the answer has no values' };
  if (!values.every(isAmount)) return { error: 'the answer has a value that is no amount' };
  return { values: values.map(BigInt), ...(isAmount(at) && { at }) };
}

type Answer = Failed | { readonly pods?: Json; readonly values?: Json; readonly at?: Json };
function answerTo(outside: Outside | undefined, question: MetricQuestion): Answer {
  const answer = outside?.factOf(MEASUREMENTS, questionText(question));
  if (answer === undefined) return { error: unserved(question) };
  if (!isJsonObject(answer)) return { error: 'the answer is none' };
  return typeof answer['error'] === 'string' ? { error: answer['error'] } : answer;
}

/** What a look is told from outside, and whether all of its questions have an answer yet. */
export class Asking implements Outside {
  isPending = false;

  constructor(private readonly facts: Outside | undefined) {}

  fact(name: string): Json | undefined {
    return this.facts?.fact(name);
  }
  factOf(name: string, key: string): Json | undefined {
    const fact = this.facts?.factOf(name, key);
    this.isPending ||= name === MEASUREMENTS && isJsonObject(fact) && fact['isPending'] === true;
    return fact;
  }
  digest(name: string, work: (facts: Outside) => Json): Json {
    return this.facts ? this.facts.digest(name, work) : work(this);
  }
}

/** Thousandths as an integer that loses no digit. */
function isAmount(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
function isFigure(figure: unknown): figure is PodFigure {
  if (!Array.isArray(figure) || figure.length < 3 || figure.length > 4) return false;
  const [milli, at, windowMs, demand = milli] = figure as readonly unknown[];
  const isLoad = isAmount(milli) && milli >= 0 && isAmount(demand) && demand >= milli;
  return isLoad && isAmount(at) && isAmount(windowMs) && windowMs >= 0;
}
