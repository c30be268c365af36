import type { Command, CommandResult, DecideContext, Inquire, Inquiry, KubeObject, View } from '#model';
import { isRefusal } from '#model';
import type { Authorizer, Keys } from '#ports';
import { canonical, type JsonObject } from '#std';
import type { Authenticator } from './authenticate.js';
import type { Backend } from './backend.js';
import { issueToken } from './issue-token.js';
import { answers } from './status.js';
import { creationAdmission } from './unstored-admission.js';

export interface InquiriesOptions {
  readonly backend: Backend;
  readonly authorizer: Authorizer;
  readonly authenticator: Pick<Authenticator, 'owner'>;
  readonly keys: Pick<Keys, 'signToken'>;
  readonly issuer: string;
}

/** Where creates go that are answered and not stored: to whoever the server itself asks about its requests. */
export class Inquiries {
  constructor(private readonly options: InquiriesOptions) {}

  async answer(inquire: Inquire, command: Command): Promise<CommandResult> {
    const { backend } = this.options;
    const view = await backend.fresh();
    if (isRefusal(view)) return view;
    const kinds = backend.kinds.at(view);
    const kind = kinds.byId(command.kind);
    if (kind === undefined) return answers.noSuchResource;
    const given = { now: backend.now(), uid: backend.uid(), kind, kinds };
    const inquired = inquire(command, view, given);
    if (isRefusal(inquired)) return inquired;
    const admission = creationAdmission(command, view, given);
    if (isRefusal(admission)) return admission;
    const object = canonical(await this.ask(inquired.inquiry, given, view));
    const warnings = [...inquired.warnings, ...admission.warnings];
    const { auditAnnotations } = admission;
    return {
      object,
      ...(command.subresource !== undefined && { response: object as unknown as JsonObject }),
      created: true,
      deleted: false,
      position: view.position,
      changed: false,
      warnings,
      auditAnnotations,
    };
  }

  private async ask(inquiry: Inquiry, { now, uid }: DecideContext, view: View): Promise<KubeObject> {
    const { authorizer, authenticator, keys, issuer } = this.options;
    switch (inquiry.asks) {
      case 'nobody':
        return inquiry.answer();
      case 'authorizer':
        return inquiry.answer(authorizer.authorize(inquiry.user, inquiry.attributes, view));
      case 'rules':
        return inquiry.answer(authorizer.rules(inquiry.user, inquiry.namespace, view));
      case 'authenticator':
        return inquiry.answer(await authenticator.owner(inquiry.token, inquiry.audiences));
      case 'issuer':
        return inquiry.answer(await issueToken(keys, inquiry.wish, { issuer, now, id: uid }));
    }
  }
}
