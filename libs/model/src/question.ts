import { jsonEquals, type Instant, type Json, type JsonObject } from '#std';
import type { AccessAttributes, AccessVerdict, Identity, IssuedToken, TokenWish, UserRules } from './access.js';
import type { UserInfo } from './command.js';
import type { WantedCertificate } from './wanted-certificate.js';

/** Where an HTTPS server is reached, and how it proves that it is the right one. Plain data. */
export interface HttpsEndpoint {
  /** Scheme, host, port, path and query; messages name it so. */
  readonly url: string;
  /** Addresses to connect to, tried in order. Undefined: what the URL names. */
  readonly addresses?: readonly { readonly host: string; readonly port: number }[];
  /** PEM certificates in base64. Undefined: the authorities of the operating system. */
  readonly caBundle?: string;
  /** Name that the certificate must have. Undefined: the host of the URL. */
  readonly serverName?: string;
}

/** What a question says, by whom it asks. */
interface QuestionParts {
  /** A server outside: `body` is POSTed as JSON. */
  readonly https: { readonly to: HttpsEndpoint; readonly body: JsonObject; readonly timeoutMs: number };
  /** Whether a user may do something. */
  readonly authorizer: { readonly user: UserInfo; readonly attributes: AccessAttributes };
  /** The rules that hold for a user in a namespace. */
  readonly rules: { readonly user: UserInfo; readonly namespace: string };
  /** Whose a token is. No audiences: the server's own. */
  readonly authenticator: { readonly token: string; readonly audiences: readonly string[] };
  /** A token to sign. `id` becomes its `jti`. */
  readonly issuer: { readonly wish: TokenWish; readonly id: string; readonly now: Instant };
  /** A certificate to sign. */
  readonly signer: { readonly certificate: WantedCertificate };
}

/** What is said to a question, by whom it asks. */
interface AnswerParts {
  /** `body` is the text where that is not JSON. */
  readonly https: { readonly status: number; readonly body: Json };
  readonly authorizer: { readonly verdict: AccessVerdict };
  readonly rules: { readonly rules: UserRules };
  readonly authenticator: { readonly identity: Identity };
  /** Secret: it is served to the client, and neither recorded nor logged. */
  readonly issuer: { readonly issued: IssuedToken };
  /** The certificate and those that link its CA to earlier ones, in PEM. */
  readonly signer: { readonly chain: string };
}

export type QuestionSort = keyof QuestionParts;

/** A question to somebody outside of the log that a decision cannot be made without: plain data. `asks` says who that is. */
export type Question<S extends QuestionSort = QuestionSort> = {
  [P in S]: {
    readonly asks: P;
    /** What the question is for, once in a decision: `validating webhook config/hook`. Two decisions of one command ask it under one name. */
    readonly name: string;
  } & QuestionParts[P];
}[S];

/** There is no answer; `why` is a sentence. To an HTTPS question it follows on the URL. */
export interface FailedAnswer {
  readonly is: 'failed';
  readonly why: string;
}
/** What is said to a question of a sort. */
export type SaidTo<S extends QuestionSort = QuestionSort> = {
  [P in S]: { readonly is: 'answered' } & AnswerParts[P];
}[S];
export type Answer<S extends QuestionSort = QuestionSort> = SaidTo<S> | FailedAnswer;

export type HttpsQuestion = Question<'https'>;
export type HttpsAnswer = Answer<'https'>;

/** What a decision gives that has to ask first. It is made anew with the answers; all of these can be asked at once. */
export interface Questions {
  readonly questions: readonly Question[];
  readonly warnings?: readonly string[];
}

/** An object of a client never passes for questions: every object has an apiVersion. */
export function isQuestions(value: object): value is Questions {
  return 'questions' in value && !('apiVersion' in value);
}

/** The answers that a command has so far. */
export interface Answers {
  /** The answer to this very question; undefined when it was not asked, or was another one under the same name. */
  to<S extends QuestionSort>(question: Question<S>): Answer<S> | undefined;
}

export const NO_ANSWERS: Answers = { to: () => undefined };

/** What some know, and else what others do. */
export function eitherAnswers(some: Answers, others: Answers): Answers {
  return {
    to<S extends QuestionSort>(question: Question<S>): Answer<S> | undefined {
      return some.to(question) ?? others.to(question);
    },
  };
}

export interface Answered {
  readonly question: Question;
  /** Of the sort of the question. */
  readonly answer: Answer;
}

/** Answers hold for what was asked: when state has moved so that a question has another body, it is asked again. */
export function answersOf(given: readonly Answered[]): Answers {
  const byName = new Map(given.map((one) => [one.question.name, one]));
  return {
    to<S extends QuestionSort>(question: Question<S>) {
      const known = byName.get(question.name);
      if (known === undefined || !isSame(known.question, question as Question)) return undefined;
      return known.answer as Answer<S>;
    },
  };
}

/** A service may be reached under other addresses meanwhile, and the time that is left grows shorter. */
function isSame(one: Question, other: Question): boolean {
  if (one.asks !== 'https' || other.asks !== 'https')
    return jsonEquals(one as unknown as Json, other as unknown as Json);
  return one.to.url === other.to.url && jsonEquals(one.body, other.body);
}
