import { type FormEvent, useRef, useState } from "react";

import { passes, type Problem, register, signIn } from "../api";
import { Field } from "../parts/field";
import { Link } from "../parts/link";
import { navigate } from "../router";
import { announce, signedIn } from "../shop";

type Kind = "sign-in" | "register";

/** A page of its own for signing in or registering, which leads on to where it was asked for. */
export function AccountPage({ kind, then }: { kind: Kind; then: string }) {
  const other: Kind = kind === "sign-in" ? "register" : "sign-in";
  const query = then === "/" ? "" : `?then=${encodeURIComponent(then)}`;
  return (
    <div className="narrow">
      <h1 tabIndex={-1}>{kind === "sign-in" ? "Sign in" : "Create an account"}</h1>
      <AccountForm key={kind} kind={kind} done={() => navigate(then, "replace")} />
      <p>
        <Link href={`/${other}${query}`}>{other === "sign-in" ? "I have an account" : "I am new here"}</Link>
      </p>
    </div>
  );
}

export function AccountForm({ kind, done }: { kind: Kind; done: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const fields = problem?.fields ?? {};
  const summary = problem === null ? null : words(problem);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const data = new FormData(event.currentTarget);
    const typed = (field: string) => (data.get(field) as string | null) ?? "";
    setBusy(true);
    const reply = await (kind === "sign-in"
      ? signIn(typed("email"), typed("password"))
      : register(typed("name"), typed("email"), typed("password")));
    setBusy(false);
    if (reply.ok) {
      announce(`Signed in as ${reply.value.customer.name}.`);
      signedIn(reply.value);
      return done();
    }
    setProblem(reply.problem);
    const first = ["name", "email", "password"].find((field) => reply.problem.fields[field] !== undefined);
    form.current?.querySelector<HTMLElement>(`[name="${first ?? "email"}"]`)?.focus();
  }

  return (
    <form ref={form} className="account" noValidate onSubmit={(event) => void submit(event)}>
      {summary !== null && (
        <p className="notice trouble" role="alert">
          {summary}
        </p>
      )}
      {kind === "register" && <Field label="Name" name="name" autoComplete="name" required problem={fields["name"]} />}
      <Field label="E-mail address" name="email" type="email" autoComplete="email" required problem={fields["email"]} />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete={kind === "sign-in" ? "current-password" : "new-password"}
        required
        {...(kind === "register" ? { hint: "At least 8 characters." } : {})}
        problem={fields["password"]}
      />
      <button type="submit" aria-disabled={busy}>
        {busy ? "One moment…" : kind === "sign-in" ? "Sign in" : "Create account"}
      </button>
    </form>
  );
}

function words(problem: Problem): string {
  if (passes(problem)) return "The shop is not answering just now. Nothing is lost: please try again in a moment.";
  if (problem.status === 401) return "E-mail address or password is wrong.";
  if (problem.status === 409) return "This e-mail address has an account already: sign in instead.";
  return "Please look at the marked fields.";
}
