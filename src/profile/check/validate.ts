/** Validates a tree by the schema and the checks, and reports each error where it was written. */
import type { z } from 'zod';
import { didYouMean } from '../../base/text/near-miss.js';
import { checkProfile } from './checks.js';
import { expectsUnit } from '../written/fields.js';
import { describe, invalid, type Problem } from '../written/problem.js';
import { profileSchema, type Profile } from '../written/profile-schema.js';
import { find, keyPlace, placeOf, shownPath, toPlain, type Path, type Tree } from '../written/tree.js';

type Issue = z.core.$ZodIssue;

/** Values in the units of the schema's output (ns), which replace what was written. */
export type Fixed = Partial<Pick<Profile, 'runs' | 'warmup' | 'duration'>>;

/** Throws a usage failure with one line per problem. */
export function validate(tree: Tree, fixed: Fixed = {}): Profile {
  const profile = { ...parseTree(profileSchema, tree), ...fixed };
  const problems = checkProfile(profile, tree);
  if (problems.length > 0) throw invalid(problems);
  return profile;
}

/** For every schema with the error texts of fields.ts. */
export function parseTree<Schema extends z.ZodType>(schema: Schema, tree: Tree): z.output<Schema> {
  const parsed = schema.safeParse(toPlain(tree));
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap((issue) => problemsOf(tree, issue, [])));
  return parsed.data;
}

function problemsOf(tree: Tree, issue: Issue, around: Path): Problem[] {
  const path = [...around, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    const texts = issue.message.split('\n');
    return issue.keys.map((key, index) => ({
      at: keyPlace(tree, path, key),
      path: shownPath(tree, [...path, key]),
      text: texts[index] ?? '',
    }));
  }
  if (issue.code === 'invalid_union') {
    // The user meant the alternative whose outer form fits, so the errors inside it are the ones to report.
    const meant = issue.errors.find((branch) =>
      branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
    );
    if (meant !== undefined) return meant.flatMap((inner) => problemsOf(tree, inner, path));
  }
  return [
    {
      at: placeOf(tree, path),
      path: shownPath(tree, path),
      text: `${issue.message}, got ${came(tree, path, issue)}`,
    },
  ];
}

function came(tree: Tree, path: Path, issue: Issue): string {
  const found = find(tree, path);
  const value = found && toPlain(found);
  if (typeof value === 'string') return describe(value) + didYouMean(value, wordsOf(issue));
  return typeof value === 'number' && expectsUnit(issue) ? `${describe(value)} without a unit` : describe(value);
}

function wordsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(wordsOf);
  return issue.code === 'invalid_value' ? issue.values.filter((value) => typeof value === 'string') : [];
}
