"""What the teachers of one network do in the course of the evening, in every way in which teachers answer."""

from acceptance.teachers import MastodonCrowd, Spoken, Talk


class Script:
    """Acts of one network's teachers; each method is what happens after one prompt of the bot."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.tag = talk.tag
        self.edits: list[Spoken] = []
        self.deep: list[Spoken] = []

    def before_the_start(self) -> None:
        """A greeting under the hashtag answers no question."""
        self.talk.say(f"Kettle on, looking forward to {self.tag}")

    def after_q1(self) -> None:
        """Replies, a long thread, quotes, labels in several languages and scripts; some will not stay."""
        talk, tag = self.talk, self.tag
        self.answer = talk.say("It looks like a note on the way out of the door, read before the bell.", 1, to=1)
        self._long_thread()
        talk.say("Quoting this because my whole department should answer", 1, quoting=1)
        for text, langs in (
            (f"A1: Whispered, at the desk. {tag}", ["en"]),
            (f"a.1 Verbal, and never twice the same {tag}", ["en"]),
            (f"R1 : À l'oral, au passage, et jamais en rouge. {tag}", ["fr"]),
            (f"Antwort 1: Leise, am Tisch. {tag}", ["de"]),
            (f"ج١: التغذية الراجعة حوار بيني وبين الطالب {tag}", ["ar"]),
            (f"答1：在课堂上当面说，比写在本子上好 {tag}", ["zh"]),  # noqa: RUF001 -- Chinese punctuation
            (f"1️⃣ 👩🏽‍🏫💬🎉 every single lesson {tag}", ["en"]),
        ):
            talk.say(text, 1, langs=langs)
        talk.say("السؤال نفسه يغيّر الدرس 🌱", 1, to=1, langs=["ar"])
        talk.say(f"Who else marks in green these days? {tag}")
        self.middle = talk.say("I take this back later.", 1, to=1)
        self.child = talk.say("But I stand by what I say under it.", 1, below=self.middle)
        talk.say("And I by this, one level further down.", 1, below=self.child)
        talk.delete(talk.say("Wrong account, sorry.", 1, to=1))
        self._unwilling()
        if isinstance(talk.crowd, MastodonCrowd):
            self._only_on_mastodon()

    def _long_thread(self) -> None:
        """Seven levels; the first repeats a colleague's handle, which nobody may be pinged with again."""
        other = "@" + self.talk.crowd.handle(1)
        self.deep = [self.talk.say(f"As {other} says: one sentence that a pupil can act on tomorrow.", 1, to=1, who=3)]
        for level in range(2, 8):
            self.deep.append(self.talk.say(f"Level {level}: yes, and then they do act.", 1, below=self.deep[-1]))

    def _unwilling(self) -> None:
        """What may be kept nowhere, and a reply to it, which may."""
        talk = self.talk
        quiet = talk.say("My bio says that nobody keeps this.", 1, to=1, who=talk.crowd.no_archive, fate="absent")
        talk.say("Good point, even if I cannot see it later.", 1, below=quiet)
        talk.say(f"A1: My bio says so too. {self.tag}", 1, who=talk.crowd.no_archive, fate="absent")
        talk.say("Robots are not welcome here.", 1, to=1, who=talk.crowd.unwilling, fate="absent")
        talk.say("Between us. #noarchive", 1, to=1, fate="absent")

    def _only_on_mastodon(self) -> None:
        """Content warnings, visibility, edits."""
        talk, bot = self.talk, self.talk.bot_handle
        self.warned = talk.say("The inspector cried.", 1, to=1, spoiler_text="Inspection")
        talk.say("Unlisted, and still in public.", 1, to=1, visibility="unlisted")
        talk.say(f"{bot} For my followers and you alone.", 1, to=1, visibility="private", fate="absent")
        talk.say(f"{bot} For you alone.", 1, to=1, visibility="direct", fate="absent")
        talk.say(f"{bot} A1: For followers, with the hashtag. {self.tag}", 1, visibility="private", fate="absent")
        self.edits = [
            talk.say("I thought so at first.", 1, to=1),
            talk.say(f"A1: I typed this on a bus. {self.tag}", 1),
        ]

    def after_q2(self) -> None:
        """The poll's letters, labels under the wrong question, several at once; edits and a deletion in mid-thread."""
        talk, tag = self.talk, self.tag
        talk.say("B, levels, and I would not look back.", 2, to=2)
        talk.say("D. None of them, said the mathematician.", 2, to=2)
        talk.say("A1 I am late: a nod from across the room.", 1, to=2)
        talk.say(f"A1 & A2: the same answer to both, drop the ticks. {tag}", 1, 2)
        talk.say(f"2. Comments nobody reads. {tag}", 2)
        talk.say("One more for the first question.", 1, to=1)
        talk.delete(self.middle)
        if self.edits:
            talk.edit(self.edits[0], "I think otherwise now.")
            talk.edit(self.edits[1], f"A2: I meant the second question, on the bus. {tag}")
            self.edits[1].answers = (2,)

    def after_q3(self) -> None:
        """Answers to the picture; one shows a picture of its own, which a person has to look at first."""
        talk, tag = self.talk, self.tag
        talk.say("It helps at the door, where they queue, and nowhere else.", 3, to=3)
        talk.say(f"Rép. 3 : il décore, surtout. {tag}", 3, langs=["fr"])
        talk.say(f"(A3) Coats are the best criterion of all 🧥🧥 {tag}", 3)
        if isinstance(talk.crowd, MastodonCrowd):
            shown = talk.crowd.picture(4, "My own wall, with pupils' names on it.")
            talk.say("See mine.", 3, to=3, who=4, fate="held", **shown)

    def after_q4(self) -> None:
        """The last question, and an answer to an early one."""
        talk = self.talk
        plan = talk.say("Ask three pupils what they did with my comments, and write down what they say.", 4, to=4)
        talk.say("Will you tell us what they said?", 4, below=plan)
        talk.say("Stop at one sentence.", 4, to=4)
        talk.say("Back to the first one, which I cannot let go.", 1, below=self.answer)

    def after_the_end(self) -> None:
        """Late, but before the digest."""
        talk = self.talk
        talk.say("Late, and still convinced: the coats.", 3, to=3)
        talk.say(f"A2 from the train home: ticks. {self.tag}", 2)

    def after_the_digest(self) -> None:
        """Later still: in the archive, not in the digest."""
        self.talk.say("A day late, my year nines answered it better than I did.", 4, to=4)


def play(scripts: list[Script], after: str) -> None:
    """Let both networks' teachers do what comes after a prompt."""
    acts = {
        "announce-30m": Script.before_the_start,
        "q1": Script.after_q1,
        "q2": Script.after_q2,
        "q3": Script.after_q3,
        "q4": Script.after_q4,
        "wrap-up": Script.after_the_end,
        "digest": Script.after_the_digest,
    }
    for script in scripts:
        if after in acts:
            acts[after](script)
