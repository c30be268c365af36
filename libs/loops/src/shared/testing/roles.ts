import { accessPolicy, bootstrapObjects, registry } from '#kinds';
import type { KubeObject, Loop, Submit } from '#model';
import { TestView } from '#model/testing';

const roles = new TestView(registry);
for (const object of bootstrapObjects) roles.put(object as unknown as KubeObject);

/** The role of a loop's account covers everything that the loop asks for, what follows on it included. */
export function requireRole(loop: Loop, { command, then = [] }: Submit): void {
  const { verb, namespace = '', subresource = '', name } = command;
  const names = registry.byId(command.kind)?.names;
  const { group = '', version = '', plural = '' } = names ?? {};
  if (loop.account === 'system:apiserver') return;
  const who = loop.account.startsWith('system:') ? loop.account : `system:serviceaccount:kube-system:${loop.account}`;
  const user = { name: who, groups: [] };
  const asked = { verb, isResource: true, path: '', group, version, namespace, resource: plural, subresource, name };
  if (!accessPolicy.authorize(user, asked, roles).allowed)
    throw new Error(`the role of ${loop.account} does not let ${loop.name} ${verb} ${command.kind} ${subresource}`);
  for (const next of then) requireRole(loop, next);
}
