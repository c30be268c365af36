import { describe, expect, it } from '@jest/globals';
import { applyDefaults, decode, problemText } from '#model';
import { podTemplateSpec, type PodTemplateSpec } from '#pod';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { templateWithoutDisabledFields } from '../disabled-fields.js';
import { withTemplateDefaults } from '../pod-defaults.js';
import { validatePodTemplate } from './pod-template.js';

/**
 * Templates of kinds that this server does not have yet, with what a genuine server said of them: the rules for pods
 * must hold wherever a pod is described. Only problems of the template itself count.
 */
const FOLDER = join(process.cwd(), 'test/recorded');
const FILES = /^(apps-v1-(statefulsets|daemonsets)|batch|core-v1-(replicationcontrollers|podtemplates))/;
const PLACES: Readonly<Record<string, readonly string[]>> = {
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  PodTemplate: ['template'],
};
/** What a kind asks of its template beyond what any template must keep. */
const OF_KIND =
  /metadata\.labels|activeDeadlineSeconds in |restartPolicy: (Required value: valid|Unsupported value: "\w+": supported values: "(Always|OnFailure)"(, "Never")?$)/;

interface Line {
  readonly title: string;
  readonly do: { readonly method: string; readonly body?: Tree };
  readonly answer?: {
    readonly status: number;
    readonly body?: {
      readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] };
    };
  };
}
interface Tree {
  readonly [field: string]: unknown;
}
interface Case {
  readonly name: string;
  readonly field: string;
  readonly template: unknown;
  readonly recorded: readonly string[];
}

function cases(): readonly Case[] {
  return readdirSync(FOLDER)
    .filter((file) => FILES.test(file))
    .flatMap((file) =>
      gunzipSync(readFileSync(join(FOLDER, file)))
        .toString()
        .split('\n')
        .filter(Boolean)
        .flatMap((text) => caseOf(file, JSON.parse(text) as Line)),
    );
}

function caseOf(file: string, { title, do: request, answer }: Line): readonly Case[] {
  if (request.method !== 'POST' || (answer?.status !== 201 && answer?.status !== 422)) return [];
  // A stateful set's claims are volumes of its pods too, which moves the numbers of the others.
  if (file.includes('statefulsets') && /volume|history/.test(title)) return [];
  const place = PLACES[String(request.body?.['kind'])] ?? ['spec', 'template'];
  const template = place.reduce<unknown>((value, key) => (value as Tree | undefined)?.[key], request.body);
  const field = place.join('.');
  if (template === undefined || typeof request.body === 'string') return [];
  const causes = answer.body?.details?.causes ?? [];
  const recorded = causes.map((cause) => `${cause.field}: ${cause.message}`).filter((text) => text.startsWith(field));
  return [{ name: `${file} ${title}`, field, template, recorded: recorded.filter((text) => !OF_KIND.test(text)) }];
}

describe('templates of other kinds', () => {
  const all = cases();
  it('are judged as a genuine server judged them', () => {
    expect(all.length).toBeGreaterThan(200);
    const different = all.filter(({ name, field, template, recorded }) => {
      // Labels that the job controller adds are judged with the job's name, which is not known here.
      if (name.includes('a name of 64')) return false;
      const read = decode<PodTemplateSpec>(podTemplateSpec, template);
      const whole = templateWithoutDisabledFields(withTemplateDefaults(applyDefaults(podTemplateSpec, read.value)));
      const found = validatePodTemplate(field, whole).map((p) => `${p.field}: ${problemText(p)}`);
      return JSON.stringify(found.filter((text) => !OF_KIND.test(text))) !== JSON.stringify(recorded);
    });
    expect(different.map(({ name }) => name)).toEqual([]);
  });
});
