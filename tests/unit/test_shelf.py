from pratique.services.shelf import Shelf


def test_a_shelf_gives_back_what_was_put_and_none_for_the_rest():
    shelf = Shelf(10)
    shelf.put("a", 1, 4)
    assert (shelf.get("a"), shelf.get("b")) == (1, None)
    shelf.put("a", 2, 4)
    assert shelf.get("a") == 2


def test_what_was_used_least_goes_first():
    shelf = Shelf(10)
    for key in "abc":
        shelf.put(key, key, 4)
        shelf.get("a")
    assert [shelf.get(key) for key in "abc"] == ["a", None, "c"]


def test_a_value_that_grows_makes_others_go():
    shelf = Shelf(10)
    shelf.put("a", 1, 4)
    shelf.put("b", 2, 4)
    shelf.put("b", 3, 8)
    assert (shelf.get("a"), shelf.get("b")) == (None, 3)
    shelf.put("c", 4, 2)
    assert (shelf.get("b"), shelf.get("c")) == (3, 4)


def test_the_newest_value_stays_however_large_it_is():
    shelf = Shelf(10)
    shelf.put("a", 1, 4)
    shelf.put("b", 2, 400)
    assert (shelf.get("a"), shelf.get("b")) == (None, 2)
    shelf.put("c", 3, 4)
    assert (shelf.get("b"), shelf.get("c")) == (None, 3)
