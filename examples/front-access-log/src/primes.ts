/** The sieve of Eratosthenes: slow enough to be worth keeping, and the same for everybody. */
export function primesBelow(limit: number): number[] {
  const isComposite = new Uint8Array(limit);
  const primes: number[] = [];
  for (let number = 2; number < limit; number++) {
    if (isComposite[number]) continue;
    primes.push(number);
    for (let multiple = number * number; multiple < limit; multiple += number) {
      isComposite[multiple] = 1;
    }
  }
  return primes;
}
