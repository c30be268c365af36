import { f, list, named, object, string, type Infer, labelSelector, objectMeta } from '#model';
import type { Stored } from '#model';
import { matchResources } from '../match.schema.js';

const P = 'io.k8s.api.admissionregistration.v1';

const paramRef = object(
  `${P}.ParamRef`,
  'The objects that parametrise a policy: one by its name, or all that a selector matches.',
  {
    name: f(string, 1, 'Name of the object.'),
    namespace: f(string, 2, 'Its namespace; where it is left out, that of the object of the request.'),
    selector: f(labelSelector, 3, 'Labels of the objects.'),
    parameterNotFoundAction: f(named('v1.ParameterNotFoundActionType'), 4, 'Allow or Deny, where there are none.', {
      pointer: true,
    }),
  },
  { mapType: 'atomic' },
);
export type ParamRef = Infer<typeof paramRef>;

const spec = object(`${P}.ValidatingAdmissionPolicyBindingSpec`, 'Where a policy holds, and with what effect.', {
  policyName: f(string, 1, 'Name of the policy.'),
  paramRef: f(paramRef, 2, 'What parametrises it.'),
  matchResources: f(matchResources, 3, 'Which of the requests of the policy are meant; all when left out.'),
  validationActions: f(list(named('v1.ValidationAction')), 4, 'Deny, Warn, Audit: what follows on a failure.', {
    listType: 'set',
  }),
});
export type PolicyBindingSpec = Infer<typeof spec>;

export const validatingAdmissionPolicyBinding = object(
  `${P}.ValidatingAdmissionPolicyBinding`,
  'Puts a ValidatingAdmissionPolicy into effect.',
  {
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    kind: f(string, 0, 'Which kind of object this is.'),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(spec, 2, 'Where the policy holds, and with what effect.', { always: {} }),
  },
  { gvk: ['admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding'] },
);
export type ValidatingAdmissionPolicyBinding = Stored<typeof validatingAdmissionPolicyBinding, 'spec'>;
