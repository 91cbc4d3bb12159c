/** Things compared are measured in turns, so that a ratio is of the same minutes on the same machine. */

/** Each round runs every one once, beginning with another each time. The warm-up rounds are thrown away. */
export async function inTurns<Name extends string>(
  rounds: number,
  warmUps: number,
  runners: Readonly<Record<Name, () => number | Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(runners) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmUps; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + warmUps) % names.length];
      if (name === undefined) continue;
      const sample = await runners[name]();
      if (round >= 0) samples[name].push(sample);
      // Lets the loop see signals: a command is waited for without it.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return samples;
}
