"""Which of two versions the subjects of a batch get, where a rollout is under way; nothing of this runs elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk, prepared
from workflows.engine import arms
from workflows.engine.arms import Arm, Split
from workflows.engine.internal import SubjectRef, subject_of
from workflows.models import Activation, Exposure

from .definitions import Definitions, RunnableVersion
from .subjects import Subjects

_COLUMNS = ("rollout_id", "contact_id", "content_id", "arm", "share_percent")


class SwitchedMeanwhile(IntegrityError):
    """A candidate was ended after this batch had let somebody in: the batch is taken again, with what is live now."""


class Arms:
    """The arms of a batch: what was stored before, and what is to be."""

    def __init__(self, splits: Mapping[int, Split], stored: dict[tuple[int, SubjectRef], Arm]) -> None:
        self._splits, self._stored = splits, stored
        self._met: dict[tuple[int, SubjectRef], tuple[Split, Arm]] = {}
        #: Candidates that somebody begins a run of.
        self._begun: set[int] = set()

    def is_theirs(
        self, version: RunnableVersion, ref: SubjectRef, *, key: str, facts: Mapping[str, Any], admitted: bool
    ) -> bool:
        """Is this the version of the subject's arm? Whoever either version would let in has met the rollout.

        Why either? A candidate that lets in others than the stable version does would else be compared with other
        people, and the arms would seem to be filled by a loaded coin.
        """
        split = self._splits.get(version.workflow_id)
        if split is None:
            return True
        arm = self._arm(split, ref, key=key, facts=facts, is_met=admitted)
        mine = split.arm_of(version.version_id) == arm
        if mine and admitted and arm == Arm.CANDIDATE:
            self._begun.add(split.activation_id)
        return mine

    def _arm(self, split: Split, ref: SubjectRef, *, key: str, facts: Mapping[str, Any], is_met: bool) -> Arm:
        known = (split.rollout_id, ref)
        if arm := self._stored.get(known):
            return arm
        arm = arms.assign(split, subject=key, facts=facts)
        if is_met:
            self._stored[known] = arm
            self._met[known] = (split, arm)
        return arm

    def write(self, cursor: CursorWrapper, *, at: datetime) -> None:
        """Store who was met, and hold the candidates' switches until the commit.

        Whoever ends a candidate waits for this commit, and whoever comes after that finds it ended: nobody enters a
        version after its end is committed (FAULTS F15). Raises SwitchedMeanwhile.
        """
        rows = [
            (split.rollout_id, ref.contact_id, ref.content_id, arm.value, split.share_percent)
            for (_, ref), (split, arm) in self._met.items()
        ]
        bulk.copy_rows(cursor, Exposure._meta.db_table, _COLUMNS, rows, same={"at": at})
        if not self._begun:
            return
        cursor.execute(
            f"SELECT id FROM {Activation._meta.db_table} WHERE id = ANY(%s::bigint[]) AND until IS NULL "  # noqa: S608
            "ORDER BY id FOR SHARE",
            [bulk.array(self._begun)],
        )
        if len(cursor.fetchall()) < len(self._begun):
            raise SwitchedMeanwhile


def of(subjects: Subjects, definitions: Definitions) -> Arms:
    """The arms that the subjects of a batch are in already. One query; call with the subjects locked."""
    splits = definitions.splits
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT rollout_id, contact_id, content_id, arm FROM {Exposure._meta.db_table}
            WHERE rollout_id = ANY(%s::bigint[]) AND (contact_id = ANY(%s::bigint[])
                OR contact_id IS NULL AND (content_id = ANY(%s::bigint[]) OR content_id IS NULL))
            """,  # noqa: S608
            [
                bulk.array(split.rollout_id for split in splits.values()),
                bulk.array(subjects.people),
                bulk.array(subjects.items),
            ],
        )
        stored = {
            (rollout_id, subject_of(contact_id=contact_id, content_id=content_id)): Arm(arm)
            for rollout_id, contact_id, content_id, arm in cursor.fetchall()
        }
    return Arms(splits, stored)
