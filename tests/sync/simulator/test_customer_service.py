"""Conversations with buyers, by a client that follows TikTok's rules: granted apart, content as JSON in a string."""

import json
from typing import Any

from tests.sync.simulator.seller import Json, Seller

ROOT = "/customer_service/202309/conversations"


async def granted(seller: Seller) -> None:
    answer = await seller.http.post("/admin/grant", json={"withhold": []})
    answer.raise_for_status()


async def say(seller: Seller, conversation: str, content: object, kind: str = "TEXT") -> Json:
    return await seller.ask("POST", f"{ROOT}/{conversation}/messages", None, {"type": kind, "content": content})


async def test_without_the_scope_everything_is_refused(seller: Seller) -> None:
    answer = await seller.ask("POST", ROOT, None, {"buyer_user_id": "7490"})
    assert answer["code"] == 105005


async def test_a_buyer_has_one_conversation_and_messages_come_back_newest_first(seller: Seller) -> None:
    await granted(seller)
    order = (await seller.orders())[0]
    opened: Any = [
        (await seller.ask("POST", ROOT, None, {"buyer_user_id": order["user_id"]}))["data"]["conversation_id"]
        for _ in range(2)
    ]
    assert opened[0] == opened[1]
    for text in ("one", "two"):
        answer = await say(seller, opened[0], json.dumps({"content": text}))
        assert answer["code"] == 0
        assert answer["data"]["message_id"]
    read = (await seller.ask("GET", f"{ROOT}/{opened[0]}/messages", {"page_size": "1"}))["data"]
    assert [json.loads(each["content"])["content"] for each in read["messages"]] == ["two"]
    rest = await seller.ask(
        "GET", f"{ROOT}/{opened[0]}/messages", {"page_size": "1", "page_token": read["next_page_token"]}
    )
    assert [json.loads(each["content"])["content"] for each in rest["data"]["messages"]] == ["one"]


async def test_what_is_malformed_is_refused_and_nothing_is_kept(seller: Seller) -> None:
    await granted(seller)
    order = (await seller.orders())[0]
    assert (await seller.ask("POST", ROOT, None, {"buyer_user_id": "1"}))["code"] == 36009004
    opened = (await seller.ask("POST", ROOT, None, {"buyer_user_id": order["user_id"]}))["data"]["conversation_id"]
    for content in ({"content": "x"}, "x", json.dumps("x"), json.dumps({"content": ""}), json.dumps({"content": 1})):
        assert (await say(seller, opened, content))["code"] == 36009004
    assert (await say(seller, opened, json.dumps({"content": "x"}), "SONG"))["code"] == 36009004
    assert (await say(seller, "0", json.dumps({"content": "x"})))["code"] == 36009004
    assert (await seller.ask("GET", f"{ROOT}/{opened}/messages"))["data"]["messages"] == []
