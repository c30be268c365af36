import type { UserInfo } from '../command.js';
import { isUndecided, type Served } from '../decided.js';
import type { Decided } from '../kind.js';
import type { KubeObject, ObjectMeta } from '../kube-object.js';
import {
  NO_ANSWERS,
  type Answers,
  type Question,
  type Questions,
  type QuestionSort,
  type SaidTo,
} from '../question.js';
import { isRefusal, type Refusal } from '../refusal.js';
import type { View } from '../view.js';
import { admitted, mutateAll, noted, validateAll } from './admission.js';
import { readBody, warned } from './body.js';
import { defaulted, withoutServerFields, wrongPlace } from './create.js';
import { trackCreate } from './ownership.js';
import type { Request } from './request.js';
import type { Spoken } from './served.js';
import { formIn, ownForm } from './spoken-form.js';

/** What the rules of a virtual resource may look at. */
export interface VirtualContext {
  readonly user: UserInfo;
  /** Of the account that a token is requested for, in `namespace`; '' of a review. */
  readonly name: string;
  readonly namespace: string;
  readonly now: number;
  /** The seed of what would elsewhere be chance. */
  readonly uid: string;
  readonly view: View;
  readonly answers: Answers;
}
export interface VirtualRules<T extends KubeObject = KubeObject> {
  /** What is wrong with the object after mutating admission, before it is validated by others. */
  check?(object: T, context: VirtualContext): Refusal | undefined;
  /** What is answered, or what has to be asked before. */
  answer(object: T, context: VirtualContext): KubeObject | Questions | Refusal;
}

/**
 * Decides a create of a virtual resource, one that is answered and never stored: a review, or what a subresource takes. It is read,
 * owned and admitted like every other, and has no event.
 */
export function decideVirtual<T extends KubeObject>(
  own: Request,
  rules: VirtualRules<T>,
  subresource?: Spoken,
): Decided {
  if (own.command.verb !== 'create') return notAllowed;
  const request: Request = { ...own, strategy: {}, spoken: subresource ?? own.spoken };
  const read = readBody(own.command, request.spoken, own.decideContext);
  if (isRefusal(read)) return read;
  const object = defaulted(request, read.object, true);
  const misplaced = wrongPlace(request, object);
  if (misplaced) return warned(misplaced, read);
  const form = subresource ? formIn(request, subresource) : ownForm(request);
  const sent = trackCreate(request, placed(request, withoutServerFields(object)));
  return warned(admitVirtual({ ...request, form }, sent as T, rules), read);
}

function admitVirtual<T extends KubeObject>(request: Request, sent: T, rules: VirtualRules<T>): Decided {
  const admission = mutateAll(request.plugins, admitted(request, 'CREATE', sent, undefined));
  if (isUndecided(admission)) return admission;
  const object = admission.object as T;
  const context = contextOf(request);
  const decided = rules.check?.(object, context) ?? validated(request, object, () => rules.answer(object, context));
  return noted(decided, admission.notes);
}

function validated(request: Request, object: KubeObject, answer: () => KubeObject | Questions | Refusal): Decided {
  const verdict = validateAll(request.plugins, admitted(request, 'CREATE', named(request, object), undefined));
  if (isUndecided(verdict)) return verdict;
  const answered = answer();
  return noted(isUndecided(answered) ? answered : served(answered as KubeObject), verdict);
}

function served(object: KubeObject): Served {
  return { served: object, warnings: [] };
}

/**
 * Goes on with what is said to a question; it is asked first where that is not known yet, and the decision is refused where nobody
 * could say it.
 */
export function whenAnswered<S extends QuestionSort, T>(
  { answers }: { readonly answers: Answers },
  question: Question<S>,
  then: (said: SaidTo<S>) => T,
): T | Questions | Refusal {
  const answer = answers.to(question);
  if (answer === undefined) return { questions: [question as Question] };
  if (answer.is === 'failed') return notAnswered(answer.why);
  return then(answer);
}

/** What was sent is where it was sent to, in a namespace or in none. */
function placed({ kind, command }: Request, object: KubeObject): KubeObject {
  const { namespace: _sent, ...metadata } = object.metadata;
  const namespace = kind.names.namespaced && command.namespace ? { namespace: command.namespace } : {};
  return { ...object, metadata: { ...metadata, ...namespace } as ObjectMeta };
}

/** What a subresource takes has the name of its object where it says none. */
function named({ command, subresource }: Request, object: KubeObject): KubeObject {
  if (subresource === undefined || object.metadata.name) return object;
  return { ...object, metadata: { ...object.metadata, name: command.name } };
}

function contextOf({ command, now, uid, view, decideContext }: Request): VirtualContext {
  const { actor: user, name, namespace = '' } = command;
  const { answers = NO_ANSWERS } = decideContext;
  return { user, name, namespace, now, uid, view, answers };
}

function notAnswered(why: string): Refusal {
  const message = `Internal error occurred: ${why}`;
  return { refused: true, code: 500, reason: 'InternalError', message, details: { causes: [{ message: why }] } };
}

const notAllowed: Refusal = {
  refused: true,
  code: 405,
  reason: 'MethodNotAllowed',
  message: 'the server does not allow this method on the requested resource',
  details: {},
};
