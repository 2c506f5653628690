/** Answers that are derived once for each object, and live as long as it does. The object must not change. */
export function derivedOnce<From extends object, Answer>(derive: (from: From) => Answer): (from: From) => Answer {
  const answers = new WeakMap<From, { readonly answer: Answer }>();
  return (from) => {
    let known = answers.get(from);
    if (known === undefined) {
      known = { answer: derive(from) };
      answers.set(from, known);
    }
    return known.answer;
  };
}
