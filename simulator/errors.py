"""The two ways a request can be refused: by the Bot API, or by the interface that acts as a person."""


class BotApiError(Exception):
    """A Bot API call that is answered with `ok: false`; `parameters` is e.g. `{"retry_after": 3}`.

    `text` is what is wrong, as Telegram's server puts it into the middle of a sentence of its own.
    """

    PREFIXES = {  # noqa: RUF012 - a constant table
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        409: "Conflict",
        413: "Request Entity Too Large",
        429: "Too Many Requests",
        500: "Internal Server Error",
    }
    NOT_SIMULATED = 501

    def __init__(self, code: int, text: str, parameters: dict[str, int] | None = None) -> None:
        self.code = code
        self.text = text
        if code == self.NOT_SIMULATED:
            self.description = text
        else:
            prefix = self.PREFIXES[code]
            self.description = f"{prefix}: {lower_first_letter(text)}" if text else prefix
        self.parameters = parameters
        super().__init__(self.description)

    def answer(self) -> dict[str, object]:
        """The JSON body of the answer."""
        body: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


class PersonError(Exception):
    """A wish of a person that cannot be fulfilled: one clear sentence, and the HTTP status it travels with."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        self.status = status
        super().__init__(sentence)


def bad_request(text: str) -> BotApiError:
    return BotApiError(400, text)


def not_simulated(method: str) -> BotApiError:
    """A method of Telegram's that this one has not: never its 404, which libraries take for a wrong token."""
    return BotApiError(BotApiError.NOT_SIMULATED, f"Not simulated: {method}")


def forbidden(text: str) -> BotApiError:
    return BotApiError(403, text)


def lower_first_letter(text: str) -> str:
    """Lower the first letter as `telegram-bot-api` does (Client.cpp, fail_query_with_error): codes stay."""
    return text if text[1:2] == "_" or "A" <= text[1:2] <= "Z" else text[:1].lower() + text[1:]
