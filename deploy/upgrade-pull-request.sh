#!/usr/bin/env bash
# One pull request for each environment whose models end: opened once, updated in place, labelled by the days left.
# For action.yml, or any job with git, gh (GH_TOKEN) and modelgate. Reads ENVIRONMENT, CONFIG_DIR, SERVICE and BASE; MODELGATE
# is how modelgate is started (default: modelgate). Exit code 0: nothing to do, or the pull request stands; else modelgate's.
set -euo pipefail

read -ra gate <<<"${MODELGATE:-modelgate}"
config=${CONFIG_DIR:-config} base=${BASE:-$(git branch --show-current)} branch=modelgate-upgrade-$ENVIRONMENT
bot=modelgate-upgrade@users.noreply.github.com
labels=(model-retires-7d model-retires-30d model-retires-90d model-upgrade)
words=(upgrade --environment "$ENVIRONMENT" --config-dir "$config" ${SERVICE:+--service "$SERVICE"})
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

open() { gh pr list --head "$branch" --state open --json number --jq '.[].number'; }

status=0
"${gate[@]}" "${words[@]}" --format json >"$folder/found.json" || status=$?
if [[ $status == 0 ]]; then
  echo "no model of $ENVIRONMENT ends"
  for number in $(open); do
    gh pr close "$number" --comment "Nothing of $ENVIRONMENT is to be moved any more." --delete-branch
  done
  exit 0
elif [[ $status != 1 ]]; then
  "${gate[@]}" "${words[@]}" || true  # for people, where a slot needs a successor and none fits
  exit "$status"
fi

days=$(sed -n 's/^  "days_left": \(.*\),$/\1/p' "$folder/found.json")
label=model-upgrade
for limit in 90 30 7; do
  if [[ $days != null && $days -le $limit ]]; then label=model-retires-${limit}d; fi
done

git switch --quiet --force-create "$branch"
"${gate[@]}" "${words[@]}" --write --format markdown >"$folder/body.md" || status=$?
[[ $status == 1 ]] || exit "$status"
[[ -z ${GITHUB_STEP_SUMMARY:-} ]] || cat "$folder/body.md" >>"$GITHUB_STEP_SUMMARY"
git add -- "$config"
if git diff --cached --quiet; then
  cat "$folder/body.md"
  echo "::warning title=modelgate::What moves $ENVIRONMENT is not in its settings: a person has to set it."
  git switch --quiet "$base"
  exit 0
fi
title="Move the models of $ENVIRONMENT"
[[ $days == null ]] || title+=" ($days days left)"
git -c user.name=modelgate-upgrade -c user.email="$bot" commit --quiet --message "Move the models of $ENVIRONMENT that end"

# A branch on which a person went on is left as it is: then only the words of the pull request are made new.
there=$(git ls-remote origin "refs/heads/$branch" | cut -f1)
[[ -z $there ]] || git fetch --quiet origin "refs/heads/$branch"
if [[ -n $there && $(git log -1 --format=%ae "$there") != "$bot" ]]; then
  echo "a person went on with $branch: it is left as it is"
elif [[ -z $there ]] || ! git diff --quiet "$there" HEAD; then
  git push --quiet --force origin "HEAD:refs/heads/$branch"
fi

gh label create "$label" --force --color D93F0B --description "A model that is asked for ends" >/dev/null
number=$(open)
if [[ -z $number ]]; then
  gh pr create --base "$base" --head "$branch" --title "$title" --body-file "$folder/body.md" --label "$label"
else
  others=()
  for other in "${labels[@]}"; do [[ $other == "$label" ]] || others+=(--remove-label "$other"); done
  gh pr edit "$number" --title "$title" --body-file "$folder/body.md" --add-label "$label" "${others[@]}"
fi
git switch --quiet "$base"
