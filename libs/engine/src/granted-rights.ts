import type { AccessAttributes, AccessVerdict, UserInfo, View } from '#model';
import type { Authorizer } from '#ports';

/**
 * Caches what the authorizer has allowed whatever the name, at one position of one view: the 256 binds of a look ask once. A
 * view that moves on may have other roles, so everything is asked anew. The view must say each change by its position, as a
 * projection of the log does; the writer's look ahead does not.
 */
export class GrantedRights {
  private view: View | undefined;
  private position = -1;
  /** Weak: who decodes a command makes an actor of its own, and an idle cluster stays at one position. */
  private granted = new WeakMap<UserInfo, Map<string, AccessVerdict>>();

  constructor(private readonly authorizer: Authorizer) {}

  /** As the authorizer says; users are told apart by identity. */
  readonly authorize = (user: UserInfo, asked: AccessAttributes, view: View): AccessVerdict => {
    if (view !== this.view || view.position !== this.position) {
      this.granted = new WeakMap();
      this.view = view;
      this.position = view.position;
    }
    const right = rightOf(asked);
    const known = right === undefined ? undefined : this.granted.get(user)?.get(right);
    if (known) return known;
    const verdict = this.authorizer.authorize(user, asked, view);
    if (right === undefined || !verdict.allowed || !verdict.ofAnyName) return verdict;
    const rights = this.granted.get(user) ?? new Map<string, AccessVerdict>();
    this.granted.set(user, rights.set(right, verdict));
    return verdict;
  };
}

/** All that is asked but the name; undefined of what depends on more than that. */
function rightOf(asked: AccessAttributes): string | undefined {
  if (!asked.isResource || asked.fields !== undefined) return undefined;
  const { verb, group, version, namespace, resource, subresource } = asked;
  return `${verb} ${group}/${version}/${namespace}/${resource}/${subresource}`;
}
