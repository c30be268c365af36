import { decodeMessage, encodeMessage, subjects } from '#engine';
import { questionText, type MetricAnswer, type MetricQuestion, type PodFigure } from '#model';
import type { Bus, Clock } from '#ports';
import { Fault, isJsonObject, type Json } from '#std';

export interface MetricCacheOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Called with the text of a question whose answer is another than before. */
  readonly onAnswer?: (question: string) => void;
}

/** A question is asked anew so long after its last answer. */
const AGAIN_MS = 3000;
/** Who has not answered by then has not. */
const ANSWER_MS = 4000;
/** Nobody has asked for so long: the question is forgotten. */
const FORGET_MS = 60_000;
const QUESTIONS_MAX = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
/** Of all answers together. */
const BYTES_MAX = 32 * 1024 * 1024;
const ERROR_MAX = 1024;

interface Asked {
  readonly question: MetricQuestion;
  /** When a loop last wanted to know, on the monotonic clock. */
  wantedAt: number;
  answer: MetricAnswer;
  /** The answer as it came. */
  said: string;
  bytes: number;
  cancel: () => void;
}

/**
 * What those say that serve metrics of pods, of objects and of things outside. Loops are answered at once out of what was said last; each
 * question that they ask is asked anew every few seconds, by itself, so one that is never answered holds no other up.
 */
export class MetricCache {
  private readonly asked = new Map<string, Asked>();
  private bytes = 0;
  private isStopped = false;

  constructor(private readonly options: MetricCacheOptions) {}

  /** How many questions are asked. */
  get size(): number {
    return this.asked.size;
  }

  answer(question: MetricQuestion): MetricAnswer {
    const text = questionText(question);
    const now = this.options.clock.monotonic();
    const known = this.asked.get(text);
    if (known) {
      known.wantedAt = now;
      return known.answer;
    }
    if (this.asked.size >= QUESTIONS_MAX) return failed(question, `more than ${QUESTIONS_MAX} metrics are asked for`);
    const asked: Asked = {
      ...{ question, wantedAt: now, answer: { isPending: true }, said: '', bytes: 0 },
      cancel: () => undefined,
    };
    this.asked.set(text, asked);
    void this.ask(text, asked);
    return asked.answer;
  }
  stop(): void {
    this.isStopped = true;
    for (const { cancel } of this.asked.values()) cancel();
    this.asked.clear();
  }

  private async ask(text: string, asked: Asked): Promise<void> {
    const { clock, onAnswer } = this.options;
    const { answer, bytes } = await this.fetch(asked.question);
    if (this.isStopped) return;
    this.bytes += bytes - asked.bytes;
    asked.bytes = bytes;
    const before = asked.said;
    asked.said = JSON.stringify(answer);
    if (this.bytes <= BYTES_MAX) asked.answer = 'values' in answer ? { ...answer, at: clock.now() } : answer;
    else {
      asked.answer = failed(asked.question, 'the answers of all metrics are too large');
      this.release(asked);
    }
    if (before !== asked.said) onAnswer?.(text);
    asked.cancel = clock.after(AGAIN_MS, () => {
      if (clock.monotonic() - asked.wantedAt < FORGET_MS) return void this.ask(text, asked);
      this.release(asked);
      this.asked.delete(text);
    });
  }
  private release(asked: Asked): void {
    this.bytes -= asked.bytes;
    asked.bytes = 0;
  }

  private async fetch(question: MetricQuestion): Promise<{ readonly answer: MetricAnswer; readonly bytes: number }> {
    const { bus } = this.options;
    try {
      const data = await bus.request(subjects.query('api', 'metric'), encodeMessage(question), ANSWER_MS);
      if (data.length > ANSWER_BYTES_MAX)
        return { answer: failed(question, `the answer has more than ${ANSWER_BYTES_MAX} bytes`), bytes: 0 };
      return { answer: answerIn(question, decodeMessage(data)), bytes: data.length };
    } catch (error) {
      if (error instanceof SyntaxError) return { answer: failed(question, 'the answer is no JSON'), bytes: 0 };
      if (!(error instanceof Fault)) throw error;
      return { answer: failed(question, error.message), bytes: 0 };
    }
  }
}

/** The answer, if it is one. Whether its figures can be true, the loop says. */
function answerIn(question: MetricQuestion, json: Json): MetricAnswer {
  if (!isJsonObject(json)) return failed(question, 'the answer is no object');
  const { error, pods, values } = json;
  if (typeof error === 'string') return { error: error.slice(0, ERROR_MAX) };
  if (isJsonObject(pods)) return { pods: pods as unknown as { readonly [pod: string]: PodFigure } };
  if (Array.isArray(values)) return { values: values as unknown as readonly number[] };
  return failed(question, 'the answer has no figures');
}

/** In the words of Kubernetes, which begin with the API that failed. */
function failed({ of }: MetricQuestion, why: string): MetricAnswer {
  const api = of === 'external' ? 'external' : 'custom';
  return { error: `unable to fetch metrics from ${api} metrics API: ${why}` };
}
