import type { AdmissionNotes, AdmissionPlugin, Admitted, KubeObject, HttpsQuestion, Refusal, SpokenForm } from '#model';
import { validatingWebhooksByResource } from '../../admissionregistration/validatingwebhookconfiguration/by-resource.js';
import { webhooksFor } from './applicable.js';
import { callOf, withVersion } from './call.js';
import { isExempt } from './exempt.js';
import { failed, noAnswer, verdictOf, type Verdict } from './verdict.js';

/** Sends what would be stored to the webhooks that may refuse it, to all of them at once. */
export const validatingAdmissionWebhook: AdmissionPlugin = {
  name: 'ValidatingAdmissionWebhook',
  validate(request) {
    if (isExempt(request)) return undefined;
    const webhooks = webhooksFor(request.view, validatingWebhooksByResource, request.kind);
    if (webhooks.length === 0) return undefined;
    const questions: HttpsQuestion[] = [];
    const verdicts: Verdict[] = [];
    for (const webhook of webhooks) {
      const call = callOf(request, webhook, { role: 'validating', sight: { show: shown(request) } });
      if (call === undefined) continue;
      if ('refused' in call) verdicts.push({ is: 'denied', refusal: call });
      else if (call.unreachable !== undefined)
        verdicts.push(failed(call, noAnswer(call, call.unreachable), 'validating'));
      else {
        const answer = request.answers.to(call.question);
        if (answer) verdicts.push(verdictOf(call, answer, 'validating'));
        else questions.push(call.question);
      }
    }
    return questions.length > 0 ? { questions } : outcome(verdicts);
  },
};

const shown =
  (request: Admitted) =>
  (object: KubeObject, form: SpokenForm): ReturnType<SpokenForm['show']> =>
    form.show(request.operation === 'UPDATE' ? withVersion(object, request) : object);

/** All are asked, and the first refusal in the order of the webhooks is the answer; warnings of all are passed on. */
function outcome(verdicts: readonly Verdict[]): AdmissionNotes | Refusal | undefined {
  if (verdicts.length === 0) return undefined;
  const notes = verdicts.flatMap((verdict) => (verdict.is === 'denied' ? [] : [verdict.notes]));
  const refused = verdicts.flatMap((verdict) => (verdict.is === 'denied' ? [verdict.refusal] : []));
  const [first] = refused;
  const warnings = [...notes, ...refused].flatMap((one) => one.warnings ?? []);
  const all = [...notes, ...refused].map((one) => one.auditAnnotations ?? {});
  const auditAnnotations = Object.assign({}, ...all) as Record<string, string>;
  if (first) return { ...first, warnings, auditAnnotations };
  return { warnings, auditAnnotations, answers: notes.flatMap(({ answers }) => answers) };
}
