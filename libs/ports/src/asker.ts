import type { Answer, Question, QuestionSort } from '#model';

/**
 * Puts questions of one sort. Never rejects; without an answer after the question's time the answer is `failed`.
 *
 * By default the questions of decisions and reads to HTTPS servers outside: admission webhooks, conversion webhooks. How many questions
 * to one server are under way is bounded, so a server that does not answer costs those who ask others nothing.
 */
export interface Asker<S extends QuestionSort = 'https'> {
  ask(question: Question<S>): Promise<Answer<S>>;
}

/** Answers in the tick of the decision, which is then made once: what is a function of the view. Never throws. */
export interface InstantAsker<S extends QuestionSort> {
  atOnce(question: Question<S>): Answer<S>;
}

/** Whom a process can ask. Questions of the other sorts fail. */
export type Askers = { readonly [S in QuestionSort]?: Asker<S> | InstantAsker<S> };

/** What is said after the URL when time is up, as Go says it. */
export const OUT_OF_TIME = 'context deadline exceeded';
/** Bytes of an answer that are read; a longer one is `failed`. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
