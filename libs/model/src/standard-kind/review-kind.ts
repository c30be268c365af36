import type { Command, UserInfo } from '../command.js';
import type { Inquiry } from '../inquiry.js';
import type { DecideContext, Kind } from '../kind.js';
import type { KubeObject, ObjectMeta } from '../kube-object.js';
import { isRefusal, refusals, type Problem, type Refusal } from '../refusal.js';
import type { View } from '../view.js';
import { readBody, type ReadObject } from './body.js';
import { defaulted, withoutServerFields, wrongPlace } from './create.js';
import { trackCreate } from './ownership.js';
import { requestOf, type Request } from './request.js';
import type { Spoken } from './served.js';
import { standardKind, type StandardKind } from './standard-kind.js';

/** What a review's folder says. */
export interface ReviewKind<T extends KubeObject> extends Pick<StandardKind<T>, 'names' | 'schema' | 'sealed'> {
  /** What the server must be asked, or what is wrong with the review. */
  inquire(review: T, given: ReviewContext): Inquiry | Refusal | readonly Problem[];
}
export interface ReviewContext {
  /** Who sent it. */
  readonly user: UserInfo;
  readonly now: number;
}

/** A kind that is created and answered but never stored. It reads, owns and validates like all others, and has no event. */
export function reviewKind<T extends KubeObject>(given: ReviewKind<T>): Kind<T> {
  const { names, schema, sealed = [] } = given;
  return {
    ...standardKind<T>({ names, schema, sealed, columns: [], verbs: ['create'] }),
    decide: () => notStored,
    inquire(command, view, context) {
      const read = readUnstored(command, view, context);
      if (isRefusal(read)) return read;
      const { object, warnings } = read;
      const inquiry = given.inquire(object as T, { user: command.actor, now: context.now });
      if ('asks' in inquiry) return { inquiry, warnings };
      return { ...(isRefusal(inquiry) ? inquiry : invalid(names.group, inquiry as readonly Problem[])), warnings };
    },
  };
}

/**
 * Reads a create of what is not stored, as its kind or as what a subresource takes: with its defaults, in the place that it
 * was sent to, and with the owners of its fields.
 */
export function readUnstored(
  command: Command,
  view: View,
  context: DecideContext,
  subresource?: Spoken,
): ReadObject | Refusal {
  const own = requestOf(command, undefined, view, context, {});
  const request = subresource ? { ...own, spoken: subresource } : own;
  const read = readBody(command, request.spoken, context);
  if (isRefusal(read)) return read;
  const { warnings } = read;
  const object = defaulted(request, read.object, true);
  const misplaced = wrongPlace(request, object);
  if (misplaced) return { ...misplaced, warnings };
  return { object: trackCreate(request, placed(request, withoutServerFields(object))), warnings };
}

/** What was sent is where it was sent to, in a namespace or in none. */
function placed({ kind, command }: Request, object: KubeObject): KubeObject {
  const { namespace: _sent, ...metadata } = object.metadata;
  const namespace = kind.names.namespaced && command.namespace ? { namespace: command.namespace } : {};
  return { ...object, metadata: { ...metadata, ...namespace } as ObjectMeta };
}

/** The genuine server checks reviews in its inner form, which has forgotten its kind. */
function invalid(group: string, problems: readonly Problem[]): Refusal {
  return refusals.invalid({ group, resource: '', kind: '', name: '' }, problems);
}

/** A command about a kind that has no log to go to. */
const notStored: Refusal = {
  refused: true,
  code: 405,
  reason: 'MethodNotAllowed',
  message: 'the server does not allow this method on the requested resource',
  details: {},
};
