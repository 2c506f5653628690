/** The names of arms in a sentence. An experiment with several JDKs has dozens, called `g1@jdk-17`. */
import { grouped } from '../base/group.js';
import { listed } from './text.js';

/** Those that fit into a sentence one by one. */
const fewArms = 4;

/** `g1 and zgc (each @jdk-17 and @jdk-21), and serial (@jdk-25)`; few arms as they are called. */
export function armsText(names: readonly string[]): string {
  if (names.length <= fewArms) return listed(names);
  const byArm = [...grouped(names, armOf)].map(([arm, alike]) => ({ arm, on: alike.map(placeOf) }));
  const groups = [...grouped(byArm, ({ on }) => on.join()).values()].map((alike) => {
    const [{ on } = { on: [] }] = alike;
    const arms = listed(alike.map(({ arm }) => arm));
    const places = on.filter((place) => place !== '');
    return places.length === 0 ? arms : `${arms} (${alike.length > 1 ? 'each ' : ''}${listed(places)})`;
  });
  return groups.length < 2 ? groups.join('') : `${groups.slice(0, -1).join(', ')}, and ${groups.at(-1) ?? ''}`;
}

function armOf(name: string): string {
  return name.slice(0, name.length - placeOf(name).length);
}

/** `@jdk-17`; empty for an arm of a profile without a list of JDKs. */
function placeOf(name: string): string {
  return name.includes('@') ? name.slice(name.lastIndexOf('@')) : '';
}
