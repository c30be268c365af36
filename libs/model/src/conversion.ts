import type { RecordedAnswer } from './event.js';
import type { KubeObject } from './kube-object.js';
import { type HttpsAnswer, type Answers, type HttpsQuestion, type Questions } from './question.js';
import { isRefusal, type Refusal } from './refusal.js';
import type { View } from './view.js';

/**
 * Conversion of objects to one version of a kind by a server outside: a conversion webhook. Pure: it says what is to be asked, and reads
 * the answer.
 */
export interface VersionConversion {
  /** Whether an object is stored in another version, so that the server has to be asked about it. */
  isNeeded(object: KubeObject): boolean;
  /**
   * One question about all of these objects, for each of which a conversion is needed; a refusal when the server cannot be asked. The same
   * objects make the same question.
   */
  request(objects: readonly KubeObject[], asked: ConversionAsked): ConversionRequest | Refusal;
}
export interface ConversionAsked {
  /** Where the addresses of services are looked up. */
  readonly view: View;
  /** The id of the question is derived from it. */
  readonly seed: string;
}
export interface ConversionRequest {
  readonly question: HttpsQuestion;
  /** Who is asked, as events name it. */
  readonly from: string;
  /** The converted objects in the order in which they were asked about; a refusal when the answer cannot be used. */
  read(answer: HttpsAnswer): readonly KubeObject[] | Refusal;
}

/** Thrown through a decision that needs a conversion which was not asked for yet, or which failed. */
class NotConverted {
  constructor(readonly because: Questions | Refusal) {}
}

/**
 * The conversions of one decision. A decision is made by synchronous functions that look at objects wherever they need them. One
 * that needs a conversion stops there: it is asked for, and the decision is made anew with the answer. So nothing of a decision is ever made of
 * an older state than the rest of it.
 */
export class Conversions {
  private readonly known = new Map<VersionConversion, Map<KubeObject, KubeObject>>();
  private readonly from = new Set<string>();
  private stopped: NotConverted | undefined;

  constructor(private readonly given: { readonly view: View; readonly seed: string; readonly answers: Answers }) {}

  /** The object in the version that a conversion makes. */
  to(conversion: VersionConversion, object: KubeObject): KubeObject {
    if (!conversion.isNeeded(object)) return object;
    const made = this.known.get(conversion) ?? new Map<KubeObject, KubeObject>();
    this.known.set(conversion, made);
    let converted = made.get(object);
    if (converted === undefined) made.set(object, (converted = this.convert(conversion, object)));
    return converted;
  }

  /** Runs a decision; what stopped it is its outcome, also where something on the way has caught the exception. */
  decide<T>(decision: () => T): T | Questions | Refusal {
    try {
      const decided = decision();
      return this.stopped ? this.stopped.because : decided;
    } catch (cause) {
      if (this.stopped) return this.stopped.because;
      throw cause;
    }
  }

  /** Who was asked for what the decision used. */
  get answers(): readonly RecordedAnswer[] {
    return [...this.from].map((from) => ({ from, outcome: 'converted' }));
  }

  private convert(conversion: VersionConversion, object: KubeObject): KubeObject {
    // The first thing that is missing decides: what comes after it may be looked at only because of the exception.
    if (this.stopped) throw this.stopped;
    const { view, seed, answers } = this.given;
    const request = conversion.request([object], { view, seed });
    if (isRefusal(request)) return this.stop(request);
    const answer = answers.to(request.question);
    if (answer === undefined) return this.stop({ questions: [request.question] });
    const read = request.read(answer);
    if (isRefusal(read)) return this.stop(read);
    this.from.add(request.from);
    return read[0] as KubeObject;
  }

  private stop(because: Questions | Refusal): never {
    this.stopped = new NotConverted(because);
    throw this.stopped;
  }
}
