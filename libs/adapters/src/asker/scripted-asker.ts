import type { HttpsAnswer, HttpsQuestion } from '#model';
import { OUT_OF_TIME, type Asker, type Clock } from '#ports';

/** What a scripted server does with a question: answers after a while, or never. */
export interface Reply {
  readonly afterMs: number;
  readonly answer: HttpsAnswer | 'never';
}

/** Servers of simulations and tests: a pure script says what each question is answered and when. */
export class ScriptedAsker implements Asker {
  readonly asked: HttpsQuestion[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly script: (question: HttpsQuestion) => Reply,
  ) {}

  ask(question: HttpsQuestion): Promise<HttpsAnswer> {
    this.asked.push(question);
    const { afterMs, answer } = this.script(question);
    const isLate = answer === 'never' || afterMs > question.timeoutMs;
    const given: HttpsAnswer = isLate ? { is: 'failed', why: OUT_OF_TIME } : answer;
    return new Promise((resolve) => this.clock.after(isLate ? question.timeoutMs : afterMs, () => resolve(given)));
  }
}
